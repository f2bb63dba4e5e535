"""A follower starts again whatever its consumer does, and takes up partitions as soon as it has them."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka import TopicPartition

from infra.clock import SystemClock
from infra.health import Health
from infra.kafka import follow
from infra.kafka.follow import Follower


def follower(projection: Any, open_consumer: Callable[[], Any]) -> Follower[Any]:
    """A follower of a topic that is as it has to be."""

    async def prepare() -> None:
        return

    return Follower(
        projection,
        "outcomes",
        open_consumer=open_consumer,
        prepare=prepare,
        health=Health(["kafka", "partitions", "redis"]),
        clock=SystemClock(),
        max_records=1,
    )


class Leaking:
    """A consumer that cannot start, and whose stop raises the cancellation of one of its own tasks."""

    async def start(self) -> None:
        raise OSError("no broker")

    async def stop(self) -> None:
        raise asyncio.CancelledError


class Assigning:
    """A consumer that is given a partition while it is being polled; that poll never ends by itself."""

    def __init__(self) -> None:
        self.listener: Any = None
        self.polls = 0

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def subscribe(self, _topics: list[str], listener: Any) -> None:
        self.listener = listener

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition("outcomes", 0)}

    def pause(self, *_: TopicPartition) -> None: ...

    def seek(self, *_: Any) -> None: ...

    async def beginning_offsets(self, names: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(names, 0)

    async def end_offsets(self, names: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(names, 0)

    def last_poll_timestamp(self, _: TopicPartition) -> None: ...

    def highwater(self, _: TopicPartition) -> None: ...

    async def getmany(self, **_: Any) -> Any:
        self.polls += 1
        if self.polls == 1:
            await self.listener.on_partitions_assigned(self.assignment())
        await asyncio.Event().wait()


async def test_given_partitions_assigned_during_a_poll_then_they_are_taken_up_before_it_would_have_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(follow, "POLL_DEADLINE", 60.0)
    stop, asked = asyncio.Event(), asyncio.Event()
    consumer: Any = Assigning()

    class Projection:
        store, away = "redis", (OSError,)

        async def stored(self, _: Any) -> Any:
            asked.set()
            raise OSError("enough was seen")

        async def missing(self, _: Any) -> Any:
            return []

    running = asyncio.create_task(follower(Projection(), lambda: consumer).run(stop))
    try:
        async with asyncio.timeout(10):
            await asked.wait()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_consumer_whose_stop_leaks_a_cancellation_is_replaced() -> None:
    opened, stop = 0, asyncio.Event()

    def open_consumer() -> Any:
        nonlocal opened
        opened += 1
        if opened == 3:
            stop.set()
        return Leaking()

    projection = type("Projection", (), {"store": "redis", "away": (OSError,)})()
    async with asyncio.timeout(10):
        await follower(projection, open_consumer).run(stop)
    assert opened == 3
