"""The log and the PostgreSQL that these tests share."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from history_sink.store import Store, migrate
from infra import postgres
from infra.stack.trial import Trial
from tests.session_worker.real import Log, open_log


@pytest.fixture
async def log(stack: Trial) -> AsyncIterator[Log]:
    async with open_log(stack.kafka_address) as opened:
        yield opened


@pytest.fixture
async def url(stack: Trial) -> AsyncIterator[str]:
    """A database of its own, migrated."""
    name = f"t{uuid4().hex[:12]}"
    system = await postgres.connect(stack.postgres_url, "test")
    await system.execute(f"CREATE DATABASE {name}")
    own = stack.postgres_url.rsplit("/", 1)[0] + f"/{name}"
    await migrate(own)
    yield own
    await system.close()


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    opened = Store(url, "test-sink")
    yield opened
    await opened.close()


@pytest.fixture
async def db(url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    opened = await postgres.connect(url, "test")
    yield opened
    await opened.close()
