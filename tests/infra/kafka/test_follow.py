"""A follower starts again whatever its consumer does, and takes up partitions as soon as it has them."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from prometheus_client import REGISTRY

from infra.clock import SystemClock
from infra.health import Health
from infra.kafka import follow
from infra.kafka.follow import Follower

LABELS = {"topic": "outcomes", "partition": "0"}


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

    def highwater(self, _: TopicPartition) -> int | None:
        return None

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

        async def astray(self, _: Any) -> Any:
            return []

    running = asyncio.create_task(follower(Projection(), lambda: consumer).run(stop))
    try:
        async with asyncio.timeout(10):
            await asked.wait()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


class Delivering(Assigning):
    """A consumer that is given a partition and polls its one record whenever the partition flows."""

    def __init__(self, record: Any) -> None:
        super().__init__()
        self.record, self.flowing = record, False

    def pause(self, *_: TopicPartition) -> None:
        self.flowing = False

    def resume(self, *_: TopicPartition) -> None:
        self.flowing = True

    def highwater(self, _: TopicPartition) -> int:
        return 1

    async def end_offsets(self, names: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(names, 1)

    async def commit(self, _: Any) -> None: ...

    async def getmany(self, **_: Any) -> Any:
        self.polls += 1
        if self.polls == 1:
            await self.listener.on_partitions_assigned(self.assignment())
        await asyncio.sleep(0.01)
        return {TopicPartition("outcomes", 0): [self.record]} if self.flowing else {}


async def test_given_a_first_record_that_blocks_its_partition_then_its_age_is_told_and_the_partition_held() -> (
    None
):
    hour_ago = SystemClock().now_ms() - 3_600_000
    consumer: Any = Delivering(SimpleNamespace(offset=0, timestamp=hour_ago))
    blocked, held = asyncio.Event(), asyncio.Event()
    standing = SimpleNamespace(next=0, ready=True)

    class Projection:
        store, away = "redis", (OSError,)

        async def stored(self, _: Any) -> Any:
            return {0: standing}

        def confirm(self, *_: Any) -> bool:
            return True

        async def apply(self, _: Any) -> Any:
            blocked.set()
            raise ValueError("cannot be handled")

        async def astray(self, partitions: Any) -> Any:
            if blocked.is_set() and 0 in partitions:
                held.set()
            return []

    def lag() -> float:
        return REGISTRY.get_sample_value("playlog_consumer_lag_seconds", LABELS) or 0

    running = asyncio.create_task(follower(Projection(), lambda: consumer).run(asyncio.Event()))
    try:
        async with asyncio.timeout(10):
            await held.wait()
            while lag() < 3600:
                await asyncio.sleep(0.02)
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


class Losing(Delivering):
    """A consumer that fails at its second poll."""

    async def getmany(self, **kinds: Any) -> Any:
        if self.polls and REGISTRY.get_sample_value("playlog_consumer_lag_records", LABELS) is not None:
            raise OSError("Kafka is away")
        return await super().getmany(**kinds)


async def test_given_a_consumer_that_failed_then_nothing_is_said_of_partitions_the_next_one_has_not_got() -> None:
    consumer: Any = Losing(SimpleNamespace(offset=0, timestamp=SystemClock().now_ms()))
    replaced = asyncio.Event()

    class Projection:
        store, away = "redis", (OSError,)

        async def stored(self, _: Any) -> Any:
            return {0: SimpleNamespace(next=0, ready=True)}

        def confirm(self, *_: Any) -> bool:
            return True

        async def apply(self, _: Any) -> Any:
            return {0: SimpleNamespace(next=1, ready=True)}

        async def astray(self, _: Any) -> Any:
            return []

    def open_consumer() -> Any:
        if not consumer.polls:
            return consumer
        replaced.set()
        return Leaking()

    running = asyncio.create_task(follower(Projection(), open_consumer).run(asyncio.Event()))
    try:
        async with asyncio.timeout(10):
            await replaced.wait()
        assert REGISTRY.get_sample_value("playlog_consumer_lag_records", LABELS) is None
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_given_a_state_found_void_when_a_rival_has_built_another_one_then_the_rivals_stays() -> None:
    consumer: Any = Delivering(SimpleNamespace(offset=0, timestamp=SystemClock().now_ms()))
    old, built = (SimpleNamespace(next=1, ready=True, of=name) for name in ("another log", "this log"))
    voided, flowing = [], asyncio.Event()

    class Projection:
        store, away = "redis", (OSError,)
        asked = 0

        async def stored(self, _: Any) -> Any:
            self.asked += 1
            return {0: old if self.asked == 1 else built}

        def confirm(self, state: Any, _: Any) -> bool:
            return bool(state is built)

        async def void(self, _: Any, state: Any) -> None:
            voided.append(state.of)

        async def begin(self, *_: Any) -> Any:
            return built

        async def astray(self, held: Any) -> Any:
            if held.get(0) is built:
                flowing.set()
            return []

    running = asyncio.create_task(follower(Projection(), lambda: consumer).run(asyncio.Event()))
    try:
        async with asyncio.timeout(10):
            await flowing.wait()
        assert not voided
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
