"""A follower starts again whatever its consumer does, also while it stops."""

import asyncio
from typing import Any

from infra.clock import SystemClock
from infra.health import Health
from infra.kafka.follow import Follower


class Leaking:
    """A consumer that cannot start, and whose stop raises the cancellation of one of its own tasks."""

    async def start(self) -> None:
        raise OSError("no broker")

    async def stop(self) -> None:
        raise asyncio.CancelledError


async def test_a_consumer_whose_stop_leaks_a_cancellation_is_replaced() -> None:
    opened, stop = 0, asyncio.Event()

    def open_consumer() -> Any:
        nonlocal opened
        opened += 1
        if opened == 3:
            stop.set()
        return Leaking()

    async def prepare() -> None:
        return

    projection: Any = type("Projection", (), {"store": "redis", "away": (OSError,)})()
    follower: Follower[Any] = Follower(
        projection,
        "outcomes",
        open_consumer=open_consumer,
        prepare=prepare,
        health=Health(["kafka", "partitions", "redis"]),
        clock=SystemClock(),
        max_records=1,
    )
    async with asyncio.timeout(10):
        await follower.run(stop)
    assert opened == 3
