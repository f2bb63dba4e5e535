"""The log and the Redis that these tests share."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from infra.redis_client import client
from infra.stack.trial import Trial
from tests.session_worker.real import Log, open_log


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
