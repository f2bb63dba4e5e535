"""What a follower says about itself, once a second: readiness, lag, and committed offsets for lag displays."""

import asyncio
from collections.abc import Mapping
from typing import Any, Generic

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from infra.clock import Clock
from infra.health import Health
from infra.kafka import lag
from infra.kafka.lanes import Lane, P, Stage

log = structlog.get_logger()
EVERY_SECONDS = 1.0
COMMIT_SECONDS = 1.0
SLOW_SECONDS = 2.0  # a store that has not answered for so long is reported
STALLED_SECONDS = 20.0


class Stalled(Exception):
    """The consumer gets no answers any more although it owns partitions; a new one is needed."""


class Watch(Generic[P]):
    """Reads the follower's lanes and never changes them."""

    def __init__(self, topic: str, lanes: Mapping[int, Lane[P]], store: str, health: Health, clock: Clock) -> None:
        self._topic, self._lanes, self._store = topic, lanes, store
        self._health, self._clock = health, clock
        self._away = "not asked yet"
        self._fresh_at = 0.0
        self._committed: dict[TopicPartition, int] = {}
        self.joined = False
        self.asked_at: float | None = None

    def store_answers(self) -> None:
        if self._away:
            self._away = ""
            self._health.set(self._store, True)

    def store_away(self, name: str, reason: str) -> None:
        self._away = reason
        self._health.set(name, False, reason)

    def forget(self, partition: int) -> None:
        """A partition was lost: it is somebody else's to report."""
        lag.forget(TopicPartition(self._topic, partition))

    def reset(self) -> None:
        """A new consumer is about to join."""
        self.joined, self._fresh_at = False, self._clock.monotonic()
        self._committed.clear()

    async def run(self, consumer: Any) -> None:
        """Report until cancelled; raises Stalled when the consumer gets no answers any more."""
        while True:
            self._report(consumer)
            await self._commit(consumer)
            await asyncio.sleep(EVERY_SECONDS)

    def _report(self, consumer: Any) -> None:
        silent = self._silent_seconds(consumer)
        if silent > STALLED_SECONDS:
            raise Stalled(f"no answer from Kafka for {silent:.0f} s")
        if not self.joined:
            self._health.set("kafka", False, "the group has not assigned partitions yet")
        else:
            late = silent * 1000 > lag.YOUNG_MS
            self._health.set("kafka", not late, f"no answer for {silent:.0f} s" if late else "")
        problems = [self._problem(lane) for lane in self._lanes.values()]
        words = "; ".join(sorted(filter(None, problems))[:3])
        self._health.set("partitions", self.joined and not words, words if self.joined else "none assigned yet")
        if self.asked_at is not None and self._clock.monotonic() - self.asked_at > SLOW_SECONDS:
            self.store_away(self._store, "no answer")
        for lane in list(self._lanes.values()):
            self._lag(consumer, lane)

    def _problem(self, lane: Lane[P]) -> str:
        words = lane.poison or lane.problem
        if not words and not lane.settled:
            words = "restoring"
        return f"partition {lane.partition}: {words}" if words else ""

    def _silent_seconds(self, consumer: Any) -> float:
        """Since when no fetch was answered, while there is somebody to be answered."""
        now = self._clock.monotonic()
        flowing = [self._tp(lane) for lane in self._lanes.values() if lane.stage is Stage.FLOWING]
        owned = consumer.assignment()
        polled = [consumer.last_poll_timestamp(tp) or 0 for tp in flowing if tp in owned]
        if self.joined and (not polled or self._clock.now_ms() - max(polled) < lag.YOUNG_MS):
            self._fresh_at = now
        return now - self._fresh_at

    def _lag(self, consumer: Any, lane: Lane[P]) -> None:
        tp = self._tp(lane)
        if lane.state is None or tp not in consumer.assignment():
            return
        waiting = (consumer.highwater(tp) or 0) - lane.state.next
        age = self._clock.now_ms() - lane.handled_at if waiting > 0 and lane.handled_at else 0
        lag.show(tp, waiting, age)

    async def _commit(self, consumer: Any) -> None:
        """Nobody reads these offsets but lag displays, so a commit that fails is only a display that lags."""
        offsets = {
            self._tp(lane): lane.state.next
            for lane in self._lanes.values()
            if lane.stage is Stage.FLOWING and lane.state is not None
        }
        changed = {tp: offset for tp, offset in offsets.items() if self._committed.get(tp) != offset}
        if not changed:
            return
        try:
            async with asyncio.timeout(COMMIT_SECONDS):
                await consumer.commit(changed)
        except (CommitFailedError, IllegalStateError, KafkaError, TimeoutError) as error:
            log.debug("commit_failed", topic=self._topic, reason=type(error).__name__)
        else:
            self._committed.update(changed)

    def _tp(self, lane: Lane[P]) -> TopicPartition:
        return TopicPartition(self._topic, lane.partition)
