"""Take partitions over: fence first, fold from the last checkpoint up to it, then find the next command."""

import asyncio
import time
from collections.abc import Callable, Mapping

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from engine_worker.checkpoint_read import Checkpoints, other_log
from engine_worker.folding import Fold, Restart
from engine_worker.owner import Owner
from engine_worker.produce import Log
from engine_worker.restore import Restored
from infra import metrics
from infra.kafka.client import bounds
from schemas.topics import Domain

log = structlog.get_logger()
POLL_MS = 200
STALLED_SECONDS = 30.0
SLICE = 500  # records parsed and folded in one go: heartbeats wait for them


class LogTruncated(Exception):
    """A topic does not reach back to offset 0, or commands lack the next one: an operator has to look."""


class Takeover:
    """Fence and restore partitions, starting from what this worker still knows of them, or from checkpoints."""

    def __init__(
        self, reader: AIOKafkaConsumer, writer: Log, domain: Domain, worker: str, clock: Callable[[], int]
    ) -> None:
        self._reader = reader
        self._checkpoints = Checkpoints(reader, domain)
        self._log = writer
        self._domain = domain
        self._worker = worker
        self._clock = clock

    async def run(
        self, partitions: list[int], warm: Mapping[int, Restored], at_home: Callable[[int], Callable[[str], bool]]
    ) -> list[Restart]:
        """Owners of these partitions, restored; the caller seeks commands to `watermark + 1`."""
        began = time.monotonic()
        names, pointers = await asyncio.gather(
            asyncio.gather(*(self._log.fence(p, self._worker, self._clock()) for p in partitions)),
            self._checkpoints.find([p for p in partitions if p not in warm]),
        )
        fences = dict(zip(partitions, names, strict=True))
        loaded = await self._checkpoints.load(pointers, fences)
        fold = Fold(fences, {p: warm.get(p) or Restored() for p in partitions}, loaded)
        await self._read(fold)
        owners = []
        for p, restored in fold.restored.items():
            owners.append(Owner(p, fences[p], restored.state, restored.cursor.watermark, at_home(p)))
            await asyncio.sleep(0)  # each arms the timers of all its matches
        await self._check_commands(owners)
        _report(partitions, fold, time.monotonic() - began)
        return [fold.restart(owner) for owner in owners]

    async def _read(self, fold: Fold) -> None:
        """Read every partition of outcomes up to and with this worker's own fence."""
        topic = self._domain.outcomes
        waiting = {TopicPartition(topic, p) for p in fold.fences}
        begins = await self._reader.beginning_offsets(list(waiting))
        for tp in waiting:
            if begins[tp] > 0:
                raise LogTruncated(f"{tp.topic}-{tp.partition} begins at offset {begins[tp]}, not at 0")
        self._reader.assign(sorted(waiting))
        for tp in waiting:
            self._reader.seek(tp, fold.begin(tp.partition))
        progressed = time.monotonic()
        while waiting:
            batches = await self._reader.getmany(*waiting, timeout_ms=POLL_MS, max_records=SLICE)
            for tp, records in batches.items():
                if not fold.confirmed(tp.partition, records[0]):
                    other_log(tp.partition)
                    self._reader.seek(tp, fold.begin(tp.partition))
                elif fold.feed(tp.partition, records):
                    waiting.discard(tp)
                    self._reader.pause(tp)
            await asyncio.sleep(0)
            if batches:
                progressed = time.monotonic()
            elif time.monotonic() - progressed > STALLED_SECONDS:
                raise TimeoutError(f"no outcomes to fold for {STALLED_SECONDS} s")

    async def _check_commands(self, owners: list[Owner]) -> None:
        """The next command must still be there, or be the next one to arrive."""
        names = [TopicPartition(self._domain.commands, owner.partition) for owner in owners]
        found = await bounds(self._reader, names)
        for owner, tp in zip(owners, names, strict=True):
            following = owner.watermark + 1
            begin, end = found[tp]
            if not begin <= following <= end:
                raise LogTruncated(
                    f"{tp.topic}-{tp.partition} holds offsets {begin} to {end - 1}, "
                    f"but command {following} comes next"
                )


def _report(partitions: list[int], fold: Fold, seconds: float) -> None:
    for restored in fold.restored.values():
        for reason, number in restored.ignored.items():
            metrics.IGNORED_RECORDS.labels(reason=reason).inc(number)
        restored.ignored.clear()
    metrics.RESTORES.inc(len(partitions))
    metrics.RESTORED_RECORDS.inc(fold.count)
    metrics.RESTORE_SECONDS.observe(seconds)
    log.info("partitions_taken_over", partitions=partitions, count=fold.count, seconds=round(seconds, 3))
