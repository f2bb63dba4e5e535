"""Take partitions over: fence first, fold what everybody accepts up to it, then find the next command."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from engine_worker.owner import LostOwnership, Owner
from engine_worker.produce import Log
from engine_worker.restore import Restored
from infra import metrics
from schemas.log import Fence
from schemas.topics import Domain

log = structlog.get_logger()
POLL_MS = 200
STALLED_SECONDS = 30.0


class LogTruncated(Exception):
    """A topic does not reach back to offset 0, or commands lack the next one: an operator has to look."""


class Takeover:
    """Fence and restore partitions, starting from what this worker still knows of them."""

    def __init__(
        self, reader: AIOKafkaConsumer, writer: Log, domain: Domain, worker: str, clock: Callable[[], int]
    ) -> None:
        self._reader = reader
        self._log = writer
        self._domain = domain
        self._worker = worker
        self._clock = clock

    async def run(
        self, partitions: list[int], warm: Mapping[int, Restored], at_home: Callable[[int], Callable[[str], bool]]
    ) -> list[Owner]:
        """Owners of these partitions, restored; the caller seeks commands to `watermark + 1`."""
        began = time.monotonic()
        names = await asyncio.gather(*(self._log.fence(p, self._worker, self._clock()) for p in partitions))
        fences = dict(zip(partitions, names, strict=True))
        restored = {p: warm.get(p) or Restored() for p in partitions}
        count = await self._fold(fences, restored)
        owners = [
            Owner(p, fences[p], restored[p].state, restored[p].cursor.watermark, at_home(p)) for p in partitions
        ]
        await self._check_commands(owners)
        seconds = time.monotonic() - began
        metrics.RESTORES.inc(len(partitions))
        metrics.RESTORE_SECONDS.observe(seconds)
        log.info("partitions_taken_over", partitions=partitions, count=count, seconds=round(seconds, 3))
        return owners

    async def _fold(self, fences: Mapping[int, Fence], restored: Mapping[int, Restored]) -> int:
        """Read every partition of outcomes up to and with this worker's own fence."""
        topic = self._domain.outcomes
        waiting = {TopicPartition(topic, p) for p in fences}
        self._reader.assign(sorted(waiting))
        begins = await self._reader.beginning_offsets(list(waiting))
        for tp in waiting:
            if begins[tp] > 0:
                raise LogTruncated(f"{tp.topic}-{tp.partition} begins at offset {begins[tp]}, not at 0")
            self._reader.seek(tp, restored[tp.partition].next)
        count, progressed = 0, time.monotonic()
        while waiting:
            batches = await self._reader.getmany(*waiting, timeout_ms=POLL_MS)
            for tp, records in batches.items():
                count += len(records)
                if self._feed(restored[tp.partition], records, fences[tp.partition]):
                    waiting.discard(tp)
                    self._reader.pause(tp)
                await asyncio.sleep(0)  # a long fold must not starve the heartbeats
            if batches:
                progressed = time.monotonic()
            elif time.monotonic() - progressed > STALLED_SECONDS:
                raise TimeoutError(f"no outcomes to fold for {STALLED_SECONDS} s")
        return count

    def _feed(self, restored: Restored, records: list[Any], fence: Fence) -> bool:
        for record in records:
            if record.offset < restored.next:
                continue
            restored.feed(record.offset, record.key, record.value, record.headers)
            if record.offset == fence.offset:
                if restored.cursor.fence != fence:
                    raise LostOwnership(f"another record stands where {fence} was acknowledged")
                self._count_ignored(restored)
                return True
        return False

    def _count_ignored(self, restored: Restored) -> None:
        for reason, number in restored.ignored.items():
            metrics.IGNORED_RECORDS.labels(reason=reason).inc(number)
        restored.ignored.clear()

    async def _check_commands(self, owners: list[Owner]) -> None:
        """The next command must still be there, or be the next one to arrive."""
        names = [TopicPartition(self._domain.commands, owner.partition) for owner in owners]
        begins = await self._reader.beginning_offsets(names)
        ends = await self._reader.end_offsets(names)
        for owner, tp in zip(owners, names, strict=True):
            following = owner.watermark + 1
            if not begins[tp] <= following <= ends[tp]:
                raise LogTruncated(
                    f"{tp.topic}-{tp.partition} holds offsets {begins[tp]} to {ends[tp] - 1}, "
                    f"but command {following} comes next"
                )
