"""Redis is emptied, PostgreSQL goes away, the broker restarts; everything catches up by itself."""

import pytest
import redis.asyncio as redis

from infra.stack.platform import Platform
from infra.stack.trial import Trial
from tests.faults.scene import play, wait

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


async def test_redis_emptied(stores: Trial, services: Platform) -> None:
    """Given matches in Redis, when it is flushed under load, then every snapshot comes back from the log."""

    async def fault() -> None:
        await wait(4)
        client = redis.from_url(stores.redis_url)
        await client.flushall()
        await client.aclose()
        await wait(6)

    await play(stores, services, fault, seed=5)


async def test_redis_killed(stores: Trial, services: Platform) -> None:
    """Given Redis without persistence, when it dies and starts empty, then it is filled from the log."""

    async def fault() -> None:
        await wait(3)
        stores.redis.kill()
        await wait(3)
        stores.redis.start()
        await wait(6)

    await play(stores, services, fault, seed=6)


async def test_postgres_down_for_ten_seconds(stores: Trial, services: Platform) -> None:
    """Given the sink at work, when PostgreSQL is down for 10 s, then every row is there once afterwards."""

    async def fault() -> None:
        await wait(3)
        stores.postgres.kill()
        await wait(10)
        stores.postgres.start()
        await wait(3)

    await play(stores, services, fault, seed=7)


async def test_broker_restarted(stores: Trial, services: Platform) -> None:
    """Given commands in flight, when the broker is killed and started again, then none of them is lost."""

    async def fault() -> None:
        await wait(3)
        stores.kafka.kill()
        await wait(1)
        stores.kafka.start()
        await wait(10)

    await play(stores, services, fault, seed=8)


async def test_sink_and_session_worker_stalled_and_killed(stores: Trial, services: Platform) -> None:
    """Given the readers of the log, when they are killed or woken late, then nothing is stored twice."""

    async def fault() -> None:
        for name in ("history", "session"):
            await wait(2)
            services[name].restart()
            await wait(3)
            services[name].pause()
            await wait(5)
            services[name].resume()

    await play(stores, services, fault, seed=9)
