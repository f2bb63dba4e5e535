"""Follows a topic in a consumer group and hands each partition's records, in order, to a projection.

Where to read on is the projection's own saved state, never a committed offset: those only serve lag displays.
One loop does everything in turn (take up assigned partitions, poll, hand on), so that nothing runs twice for one
partition; a second task (`infra.kafka.watch`) only reports. A partition in trouble is paused and later read again
from its saved state; the loop's own failure starts a new consumer, with back-off.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from infra.backoff import Backoff
from infra.clock import Clock
from infra.health import Health
from infra.kafka.client import bounds
from infra.kafka.group import Listener, close
from infra.kafka.lanes import Lane, P, Refused, Stage, halves, in_turn, may_start, next_turn, refuse_headless
from infra.kafka.projection import Projection
from infra.kafka.watch import Watch
from infra.metrics import BATCH_RECORDS, STORE_AWAY

log = structlog.get_logger()
T = TypeVar("T")
POLL_MS = 250
POLL_DEADLINE = 2.0  # a poll waits for the group's rebalance without a limit of its own
KAFKA_SECONDS = 10.0
LOOK_SECONDS = 1.0
BLOCKED_SECONDS = 5.0


class Follower(Generic[P]):
    """One member of a consumer group. `open_consumer` makes a consumer with the group's settings, not started;
    `prepare` raises when the topics are not as they have to be."""

    def __init__(
        self,
        projection: Projection[P],
        topic: str,
        *,
        open_consumer: Callable[[], AIOKafkaConsumer],
        prepare: Callable[[], Awaitable[None]],
        health: Health,
        clock: Clock,
        max_records: int,
    ) -> None:
        self._max_records = max_records
        self._projection, self._topic = projection, topic
        self._open, self._prepare = open_consumer, prepare
        self._health, self._clock = health, clock
        self._lanes: dict[int, Lane[P]] = {}
        self._backoff = Backoff(first=0.05, most=1.0)
        self._look_at = 0.0
        self._consumer: Any = None
        self._polling: asyncio.Timeout | None = None
        self._watch: Watch[P] = Watch(topic, self._lanes, projection.store, health, clock)

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until `stop`; whatever fails is reported and started again."""
        backoff = Backoff(stop, first=0.1, most=3.0)
        while not stop.is_set():
            try:
                await self._prepare()
                await self._follow(stop, backoff)
            except Exception as error:
                reason = _words(error)
                log.error("follower_restarts", topic=self._topic, reason=reason, attempt=backoff.attempt)
                self._health.set("kafka", False, reason)
                self._health.beat()
                await backoff.wait()

    async def _follow(self, stop: asyncio.Event, backoff: Backoff) -> None:
        self._consumer = self._open()
        self._lanes.clear()
        try:
            async with asyncio.timeout(KAFKA_SECONDS):
                await self._consumer.start()
            self._consumer.subscribe([self._topic], listener=Listener(self._assigned, self._lost))
            self._watch.reset()
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(self._watch.run(self._consumer), name="watch")
                while not stop.is_set():
                    await self._round(backoff)
                watch.cancel()
        finally:
            self._lost([self._tp(lane) for lane in self._lanes.values()])
            await close(self._consumer)

    async def _round(self, backoff: Backoff) -> None:
        await self._settle()
        records = await self._poll()
        if records:
            backoff.reset()
            await self._take(records)
        await self._look()
        self._health.beat()

    def _assigned(self, partitions: Iterable[TopicPartition]) -> None:
        """Heartbeats stand still inside this callback, so it only puts the partitions on hold."""
        for tp in partitions:
            self._consumer.pause(tp)
            self._consumer.seek(tp, 0)
            self._lanes[tp.partition] = Lane(tp.partition)
        self._watch.joined = True
        if self._polling and not self._polling.expired():  # partitions on hold would let it wait to its end
            self._polling.reschedule(0.0)
        log.info("partitions_assigned", topic=self._topic, partitions=sorted(self._lanes))

    def _lost(self, partitions: Iterable[TopicPartition]) -> None:
        for tp in partitions:
            self._lanes.pop(tp.partition, None)
            self._watch.forget(tp.partition)

    async def _settle(self) -> None:
        """Take up the partitions that wait: read their saved states, compare with the log, let them flow."""
        now = self._clock.monotonic()
        next_turn(self._lanes.values())
        waiting = in_turn(
            lane
            for lane in self._lanes.values()
            if lane.stage in (Stage.WAITING, Stage.VOID) and lane.not_before <= now and not lane.queued
        )
        if not waiting:
            return
        unknown = [lane for lane in waiting if lane.bounds is None]
        async with asyncio.timeout(KAFKA_SECONDS):
            found = await bounds(self._consumer, [self._tp(lane) for lane in unknown])
        try:
            saved = await self._ask(self._projection.stored([lane.partition for lane in waiting]))
            for lane in waiting:
                state = saved.get(lane.partition)
                if state is not None and lane.bounds is not None:
                    self._put_off([lane], 0.0)  # somebody else built it since it was queued: ask the log again
                else:
                    await self._take_up(lane, state, lane.bounds or found[self._tp(lane)])
        except self._projection.away as error:
            self._hold(waiting, error)

    async def _take_up(self, lane: Lane[P], state: P | None, begin_end: tuple[int, int]) -> None:
        begin, end = begin_end
        try:
            # What a rival has built meanwhile was never found void.
            if lane.stage is Stage.VOID and state is not None and state == lane.state:
                refuse_headless(lane.partition, begin)
                log.error("stored_state_void", partition=lane.partition, offset=state.next)
                await self._ask(self._projection.void(lane.partition, state))
                state = None
            if state is None:
                refuse_headless(lane.partition, begin)
                if not may_start(self._lanes.values(), end):
                    self._put_off([lane], 0.0)
                    lane.queue(begin_end)
                    return
                first = lane.start(await self._ask(self._projection.begin(lane.partition, end)), end)
            else:
                first = lane.resume(state, begin, end)
        except Refused as error:
            log.error("log_refused", partition=lane.partition, reason=str(error))
            self._put_off([lane], BLOCKED_SECONDS, str(error))
            return
        if self._owned(lane):
            self._consumer.seek(self._tp(lane), first)
            self._consumer.resume(self._tp(lane))

    async def _poll(self) -> Mapping[TopicPartition, Sequence[Any]]:
        """Records as soon as there are any; nothing after POLL_MS, or when the group has assigned partitions."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(POLL_DEADLINE) as self._polling:
                try:
                    records: Mapping[TopicPartition, Sequence[Any]] = await self._consumer.getmany(
                        timeout_ms=POLL_MS, max_records=self._max_records
                    )
                finally:
                    self._polling = None
                return records
        return {}

    async def _take(self, polled: Mapping[TopicPartition, Sequence[Any]]) -> None:
        lanes, batches = {}, {}
        for tp, records in polled.items():
            lane = self._lanes.get(tp.partition)
            if lane is None:
                continue
            rest, position = lane.take(records, self._projection.confirm)
            if position is not None and self._owned(lane):
                self._consumer.seek(tp, position)
            if rest:
                lane.handled_at = lane.handled_at or rest[0].timestamp
                lanes[tp.partition], batches[tp.partition] = lane, rest
        if batches:
            BATCH_RECORDS.observe(sum(map(len, batches.values())))
            await self._apply(lanes, batches)

    async def _apply(self, lanes: Mapping[int, Lane[P]], batches: Mapping[int, Sequence[Any]]) -> None:
        """Hand records on. When one of them cannot be handled, halve until it stands alone and is named."""
        work: dict[int, tuple[P, Sequence[Any]]] = {}
        for p, records in batches.items():
            state = lanes[p].state
            if records and state is not None and lanes[p].stage is Stage.FLOWING:
                work[p] = (state, records)
        if not work:
            return
        try:
            states = await self._ask(self._projection.apply(work))
        except self._projection.away as error:
            self._hold([lanes[p] for p in work], error)
        except Exception as error:
            await self._narrow(lanes, {p: batches[p] for p in work}, error)
        else:
            self._backoff.reset()
            self._settled(lanes, work, states)

    def _settled(self, lanes: Mapping[int, Lane[P]], work: Mapping[int, Any], states: Mapping[int, P]) -> None:
        for partition, (_, records) in work.items():
            if partition in states:
                lanes[partition].done(states[partition], records[-1].timestamp, self._clock.monotonic())
            else:
                log.warning("claim_lost", partition=partition, offset=records[0].offset)
                self._put_off([lanes[partition]], 0.0)

    async def _narrow(
        self, lanes: Mapping[int, Lane[P]], batches: Mapping[int, Sequence[Any]], error: Exception
    ) -> None:
        if sum(map(len, batches.values())) > 1:
            for half in halves(batches):
                await self._apply(lanes, half)
            return
        ((partition, (record,)),) = batches.items()
        reason = f"record at offset {record.offset} cannot be handled: {_words(error)}"
        log.error("record_blocks_partition", partition=partition, offset=record.offset, exc_info=error)
        lanes[partition].poison = reason
        self._put_off([lanes[partition]], BLOCKED_SECONDS)

    async def _look(self) -> None:
        """Once a second: is the stored state still ours? A store that was emptied, or that came back with older
        data, is noticed without traffic."""
        if self._clock.monotonic() < self._look_at:
            return
        self._look_at = self._clock.monotonic() + LOOK_SECONDS
        lanes = dict(self._lanes)
        try:
            astray = await self._ask(self._projection.astray({p: lane.state for p, lane in lanes.items()}))
        except self._projection.away as error:
            self._watch.store_away(self._projection.store, _words(error))
            return
        self._put_off([lane for p, lane in lanes.items() if (p in astray and lane.settled) or lane.stranded], 0.0)

    async def _ask(self, answer: Awaitable[T]) -> T:
        """Wait for the store, and let the watch see for how long."""
        self._watch.asked_at = self._clock.monotonic()
        try:
            result = await answer
        finally:
            self._watch.asked_at = None
        self._watch.store_answers()
        return result

    def _hold(self, lanes: Sequence[Lane[P]], error: Exception) -> None:
        """The store is away: pause, and read again from the saved state once it is back."""
        seconds = self._backoff.delay(self._backoff.attempt)
        self._backoff.attempt += 1
        STORE_AWAY.labels(self._projection.store).inc()
        log.warning("store_away", name=self._projection.store, reason=_words(error), seconds=round(seconds, 2))
        self._watch.store_away(self._projection.store, _words(error))
        self._put_off(lanes, seconds)

    def _put_off(self, lanes: Iterable[Lane[P]], seconds: float, problem: str = "") -> None:
        now = self._clock.monotonic()
        for lane in lanes:
            lane.wait(now, seconds, problem)
            if self._owned(lane):
                self._consumer.pause(self._tp(lane))

    def _owned(self, lane: Lane[P]) -> bool:
        return self._lanes.get(lane.partition) is lane and self._tp(lane) in self._consumer.assignment()

    def _tp(self, lane: Lane[P]) -> TopicPartition:
        return TopicPartition(self._topic, lane.partition)


def _words(error: BaseException) -> str:
    """An error for operators: its class and first line, without records or secrets."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}"
