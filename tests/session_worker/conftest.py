"""The log and the Redis that these tests share."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from infra.redis_client import client
from infra.redis_line import Line
from infra.stack.trial import Trial
from tests.session_worker.real import Log, open_log, until


@pytest.fixture
async def log(stack: Trial) -> AsyncIterator[Log]:
    async with open_log(stack.kafka_address) as opened:
        yield opened


@pytest.fixture
async def redis(stack: Trial) -> AsyncIterator[Redis]:
    opened = client(stack.redis_url, "test")
    await opened.flushall()
    yield opened
    await opened.aclose()


@pytest.fixture
async def line(stack: Trial) -> AsyncIterator[Line]:
    """A worker's own connection."""
    opened, stop = Line(stack.redis_url, "test-line"), asyncio.Event()
    running = asyncio.create_task(opened.run(stop))

    async def up() -> bool:
        return opened.up

    await until(up, "a connection to Redis")
    yield opened
    stop.set()
    await running
