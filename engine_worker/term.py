"""One term of a worker: a producer, a membership in the group, and the partitions it was given, until a fault."""

import asyncio
import time
from collections.abc import Iterable
from itertools import groupby, islice
from operator import attrgetter
from secrets import token_hex
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from engine_worker.checkpoint_write import Checkpointer
from engine_worker.dead_letters import letter
from engine_worker.outgoing import Outgoing
from engine_worker.owner import Owner
from engine_worker.produce import Log
from engine_worker.restore import Restored
from engine_worker.takeover import Takeover
from infra import metrics
from infra.kafka.client import partition_of
from schemas.codec import Record
from schemas.command import Command, encode_command, ids_of
from schemas.ids import timer_id
from schemas.match import TIMER, TimeElapsed
from schemas.topics import PARTITIONS, Domain
from schemas.word import Millis

log = structlog.get_logger()
TIMERS_AT_ONCE = 64  # of about 500 bytes each, in a topic whose batches hold 64 KiB


class Term:
    """Owns partitions between joining the group and the first fault; whoever runs it starts the next one.

    `failed` holds what ended it. Nothing here is retried: a fault drops all state that may differ from the log.
    """

    def __init__(self, writer: Log, takeover: Takeover, checkpoints: Checkpointer, domain: Domain) -> None:
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.owners: dict[int, Owner] = {}
        self.assigned: set[int] = set()
        self.joined = False  # the group has said which partitions are ours, if any
        self.checkpoints = checkpoints
        self._log = writer
        self._takeover = takeover
        self._domain = domain
        self._warm: dict[int, Restored] = {}  # what survives a rebalance within the term
        self._writing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def fail(self, error: BaseException) -> None:
        """End the term; the first fault is the one that counts."""
        if not self.failed.done():
            self.failed.set_exception(error)
            self.checkpoints.release()

    async def handle(self, records: Iterable[Any]) -> None:
        """Judge a poll's commands and append their outcomes; never raises, since FastStream swallows that."""
        if self.failed.done():
            return
        try:
            async with self._writing:
                await self._handle(tuple(records))
        except Exception as error:  # every fault ends the term
            self.fail(error)

    async def _handle(self, records: tuple[Any, ...]) -> None:
        metrics.BATCH_RECORDS.observe(len(records))
        found: list[Outgoing] = []
        letters: list[Record] = []
        for partition, group in groupby(records, key=attrgetter("partition")):
            owner = self.owners.get(partition)
            if owner is not None:  # else not restored yet: the takeover will seek back to these
                found.append(await self._judge(owner, [*group], letters))
        await self._post(letters)
        await self._log.outcomes(found)
        for one in found:
            if one.last is not None:
                self.checkpoints.landed(one.owner, one.last)
        _measure(records, found)

    async def _judge(self, owner: Owner, records: list[Any], letters: list[Record]) -> Outgoing:
        """Judge a partition's commands; what fills a batch is sent while the next ones are judged."""
        self.checkpoints.touch(owner.partition, records)
        outgoing = self._log.outgoing(owner)
        rest = iter(records)
        for group in owner.take_all(records):
            for record, taken in zip(islice(rest, len(group)), group, strict=True):
                if taken is not None and taken.letter is not None:
                    letters.append(self._letter(record, taken.letter))
            if outgoing.add(group):
                await self._post(letters)
                await self._log.send(outgoing)
        return outgoing

    def _letter(self, record: Any, reason: str) -> Record:
        metrics.DEAD_LETTERS.labels(reason=reason).inc()
        ids = ids_of(record.key, record.headers)
        log.warning("command_unreadable", reason=reason, partition=record.partition, offset=record.offset, **ids)
        return letter(self._domain, record, reason)

    async def _post(self, letters: list[Record]) -> None:
        """Append dead letters, always before the outcomes that speak of them."""
        if letters:
            await self._log.append(self._domain.dead_letters, None, letters, at_once=1)
            letters.clear()

    def assign(self, consumer: AIOKafkaConsumer, partitions: list[int]) -> None:
        """The group gave these partitions: hold them still, then take them over in the background."""
        if self.failed.done():
            return
        names = [TopicPartition(self._domain.commands, p) for p in partitions]
        consumer.pause(*names)
        for tp in names:
            consumer.seek(tp, 0)
        self.assigned, self.joined = set(partitions), True
        if partitions:
            task = asyncio.create_task(self._take_over(consumer, partitions), name="takeover")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _take_over(self, consumer: AIOKafkaConsumer, partitions: list[int]) -> None:
        try:
            for restart in await self._takeover.run(partitions, self._warm, _home):
                owner = restart.owner
                tp = TopicPartition(self._domain.commands, owner.partition)
                self._warm.pop(owner.partition, None)
                consumer.seek(tp, owner.watermark + 1)
                self.owners[owner.partition] = owner
                self.checkpoints.hold(restart)
                consumer.resume(tp)
            metrics.PARTITIONS_OWNED.set(len(self.owners))
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self.fail(error)

    async def revoke(self) -> None:
        """The group takes everything back: let the write in flight end, keep what is known for a return."""
        await self.stop_takeovers()
        async with self._writing:
            covered = self.checkpoints.release()
            for partition, owner in self.owners.items():
                restored = Restored(owner.state, owner.cursor, owner.landing, covered=covered.get(partition, 0))
                self._warm[partition] = restored
            self.owners.clear()
            self.assigned.clear()
            self.joined = False
        metrics.PARTITIONS_OWNED.set(0)

    async def stop_takeovers(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def end(self) -> None:
        """Nothing is judged or taken over any more, whatever the group still says."""
        self.failed.cancel()
        self.owners.clear()
        self.checkpoints.release()
        for task in self._tasks:
            task.cancel()
        metrics.PARTITIONS_OWNED.set(0)

    async def report_deadlines(self, now: Millis) -> None:
        """Append a time-elapsed command for every match whose deadline has passed by `now`."""
        for owner in list(self.owners.values()):
            due = owner.due(now)
            if due:
                records = [_time_elapsed(match, deadline, now) for match, deadline in due]
                await self._log.append(self._domain.commands, owner.partition, records, TIMERS_AT_ONCE)

    async def commit(self, consumer: AIOKafkaConsumer) -> None:
        """Tell the group how far we are, for lag displays only; nothing ever reads it back."""
        offsets = {
            TopicPartition(self._domain.commands, owner.partition): owner.watermark + 1
            for owner in self.owners.values()
        }
        if offsets:
            try:
                await consumer.commit(offsets)
            except KafkaError as error:
                log.debug("commit_failed", error=type(error).__name__)

    @property
    def commands(self) -> str:
        """The topic that the group assigns."""
        return self._domain.commands

    @property
    def ready(self) -> bool:
        """Every partition that the group gave is restored and takes commands."""
        return bool(self.assigned) and self.assigned == set(self.owners) and not self.failed.done()


def _home(partition: int) -> Any:
    return lambda match: partition_of(match.encode(), PARTITIONS) == partition


def _time_elapsed(match: str, deadline: Millis, now: Millis) -> Record:
    command = Command(timer_id(match, deadline), match, TIMER, token_hex(16), TimeElapsed(deadline=deadline))
    return encode_command(command, now, "/playlog/engine")


def _measure(records: tuple[Any, ...], outgoing: list[Outgoing]) -> None:
    count = sum(map(len, outgoing))
    if count:
        oldest = min(record.timestamp for record in records)
        metrics.COMMAND_TO_OUTCOME.observe(max(0.0, time.time() - oldest / 1000))
        rejected = sum(one.rejected for one in outgoing)
        metrics.OUTCOMES.labels(verdict="rejected").inc(rejected)
        metrics.OUTCOMES.labels(verdict="accepted").inc(count - rejected)
