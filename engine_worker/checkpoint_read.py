"""Finds and reads the newest usable checkpoint of partitions that are being taken over; what fails is counted."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from engine_worker.checkpoint import Assembly, Loaded, Reason, Unreadable, refused
from infra import metrics
from schemas.checkpoint import Pointer, decode_chunk, decode_pointer
from schemas.log import Fence
from schemas.topics import Domain

log = structlog.get_logger()
POLL_MS = 200
STALLED_SECONDS = 5.0
POINTERS = 8  # at a partition's end; a writer deletes its own older ones


class Checkpoints:
    """One takeover's view of the checkpoint topics. Nothing here raises: without a checkpoint there is the log."""

    def __init__(self, reader: AIOKafkaConsumer, domain: Domain) -> None:
        self._reader, self._domain = reader, domain
        self._begins: Mapping[TopicPartition, int] = {}
        self._ends: Mapping[TopicPartition, int] = {}

    async def find(self, partitions: Iterable[int]) -> dict[int, list[Pointer]]:
        """The newest pointers of each partition, the one that covers most of the log last."""
        found: dict[int, list[Pointer]] = {}
        try:
            await self._find([*partitions], found)
        except Exception as error:  # whatever it is, the log is there
            _unavailable(partitions, error)
            return {}
        return {p: sorted(pointers, key=lambda pointer: pointer.next) for p, pointers in found.items()}

    async def _find(self, partitions: list[int], found: dict[int, list[Pointer]]) -> None:
        if not partitions:
            return
        names = [TopicPartition(self._domain.checkpoint_pointers, p) for p in partitions]
        await self._look([*names, *(TopicPartition(self._domain.checkpoints, p) for p in partitions)])
        waiting = {tp for tp in names if self._ends[tp] > self._begins[tp]}
        self._reader.assign([*waiting])
        for tp in waiting:
            self._reader.seek(tp, max(self._begins[tp], self._ends[tp] - POINTERS))
        while waiting:
            for tp, records in (await self._poll(waiting)).items():
                for record in records:
                    pointer = decode_pointer(record.value, record.headers)
                    if pointer is None:
                        _unreadable(tp.partition, Reason.POINTER)
                    else:
                        found.setdefault(tp.partition, []).append(pointer)
                if records[-1].offset >= self._ends[tp] - 1:
                    waiting.discard(tp)
                    self._reader.pause(tp)

    async def load(self, found: Mapping[int, list[Pointer]], fences: Mapping[int, Fence]) -> dict[int, Loaded]:
        """The state of every partition that has a usable checkpoint: its newest one, else an older one."""
        left = {p: [*pointers] for p, pointers in found.items()}
        loaded: dict[int, Loaded] = {}
        while chosen := {p: left[p].pop() for p in left if left[p] and p not in loaded}:
            allowed = {p: pointer for p, pointer in chosen.items() if not _refuse(p, pointer, fences[p])}
            try:
                await self._read(allowed, loaded)
            except Exception as error:  # whatever it is, the log is there
                _unavailable(allowed.keys() - loaded.keys(), error)
        return loaded

    async def _read(self, pointers: Mapping[int, Pointer], loaded: dict[int, Loaded]) -> None:
        """Read the chunks of all these partitions side by side."""
        waiting: dict[TopicPartition, Assembly] = {}
        for partition, pointer in pointers.items():
            tp = TopicPartition(self._domain.checkpoints, partition)
            if self._begins[tp] <= pointer.first <= pointer.last < self._ends[tp]:
                waiting[tp] = Assembly(pointer)
            else:
                _unreadable(partition, Reason.INCOMPLETE)
        self._reader.assign([*waiting])
        for tp in waiting:
            self._reader.seek(tp, pointers[tp.partition].first)
        while waiting:
            for tp, records in (await self._poll(waiting)).items():
                if await self._feed(tp.partition, waiting[tp], pointers[tp.partition], records, loaded):
                    del waiting[tp]
                    self._reader.pause(tp)

    async def _feed(
        self,
        partition: int,
        assembly: Assembly,
        pointer: Pointer,
        records: list[Any],
        loaded: dict[int, Loaded],
    ) -> bool:
        """Whether this partition's checkpoint has been read to its end, or given up."""
        try:
            for record in records:
                assembly.feed(decode_chunk(record.key, record.value, record.headers))
                await asyncio.sleep(0)  # a chunk takes milliseconds, and heartbeats must go on
            if assembly.complete or records[-1].offset >= pointer.last:
                loaded[partition] = assembly.loaded()
                return True
        except Unreadable as error:
            _unreadable(partition, error.reason, error)
            return True
        return False

    async def _look(self, names: list[TopicPartition]) -> None:
        """Learn all offsets of first records and behind last ones at once: each question costs players a pause."""
        async with asyncio.timeout(STALLED_SECONDS):
            self._begins = await self._reader.beginning_offsets(names)
            self._ends = await self._reader.end_offsets(names)

    async def _poll(self, waiting: Iterable[TopicPartition]) -> Mapping[TopicPartition, list[Any]]:
        """The next records. Raises TimeoutError where none come for STALLED_SECONDS."""
        for _ in range(int(STALLED_SECONDS * 1000 / POLL_MS)):
            batches: Mapping[TopicPartition, list[Any]] = await self._reader.getmany(*waiting, timeout_ms=POLL_MS)
            if batches:
                return batches
        raise TimeoutError(f"nothing read for {STALLED_SECONDS} s")


def _refuse(partition: int, pointer: Pointer, fence: Fence) -> bool:
    reason = refused(pointer, fence)
    if reason is not None:
        _unreadable(partition, reason)
    return reason is not None


def _unavailable(partitions: Iterable[int], error: Exception) -> None:
    log.warning("checkpoints_unavailable", partitions=sorted(partitions), exc_info=error)
    for partition in partitions:
        _unreadable(partition, Reason.UNAVAILABLE)


def _unreadable(partition: int, reason: Reason, error: BaseException | None = None) -> None:
    """The partition is folded from an older checkpoint, or from offset 0."""
    metrics.CHECKPOINTS_UNREADABLE.labels(reason=reason.value).inc()
    cause = None if error is None else type(error.__cause__ or error).__name__
    log.warning("checkpoint_unreadable", partition=partition, reason=reason.value, error=cause)


def other_log(partition: int) -> None:
    """The record before the checkpoint is not the one that its owner saw there."""
    _unreadable(partition, Reason.OTHER_LOG)
