"""Writes checkpoints beside the moves, one partition at a time and a slice at a time; failing costs no move."""

import asyncio
import random
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import uuid4

import structlog
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.errors import KafkaError

from engine_worker.checkpoint import Draft, quiet
from engine_worker.checkpoint_read import POINTERS
from engine_worker.folding import Restart
from engine_worker.owner import Owner, Taken
from engine_worker.pace import Held, Pace
from infra import metrics
from schemas.checkpoint import Pointer, encode_chunk, encode_pointer
from schemas.codec import Record, checksum
from schemas.topics import Domain
from schemas.word import Millis

log = structlog.get_logger()
LOOK_SECONDS = 0.5
DEADLINE = 15.0


class Shelf:
    """The checkpoint topics as their writer sees them. Its producer is not the outcomes' one, whose batches
    would wait for the chunks, and which any error would end."""

    def __init__(self, producer: AIOKafkaProducer, admin: AIOKafkaAdminClient, domain: Domain) -> None:
        self._producer, self._admin, self._domain = producer, admin, domain
        self._newest: dict[int, int] = {}  # by partition, where this writer's newest pointer lies

    async def put(self, partition: int, record: Record) -> int:
        """Append a chunk; returns its offset."""
        return await self._append(self._domain.checkpoints, partition, record)

    async def publish(self, partition: int, pointer: Pointer) -> None:
        """Append the pointer, and delete what it has replaced, so that a reader never reads far.

        A writer that was stopped may have a successor by now, whose pointer lies below this one, and whose chunks
        are the whole ones. So it deletes pointers up to its own last one, and those that no reader looks at.
        """
        place = await self._append(self._domain.checkpoint_pointers, partition, encode_pointer(pointer))
        last = max(self._newest.get(partition, -1), place - POINTERS)
        self._newest[partition] = place
        replaced = {self._domain.checkpoints: pointer.first, self._domain.checkpoint_pointers: last + 1}
        try:
            await self._admin.delete_records(
                {TopicPartition(topic, partition): RecordsToDelete(before) for topic, before in replaced.items()},
                timeout_ms=int(DEADLINE * 1000),
            )
        except KafkaError as error:  # it costs disk, and the next one tries again
            metrics.CHECKPOINTS_FAILED.labels(step="delete").inc()
            log.warning("checkpoints_not_deleted", partition=partition, error=type(error).__name__)

    async def _append(self, topic: str, partition: int, record: Record) -> int:
        sent = self._producer.send_and_wait(topic, record.value, record.key, partition, headers=record.headers)
        async with asyncio.timeout(DEADLINE):
            return int((await sent).offset)


OpenShelf = Callable[[], AbstractAsyncContextManager[Shelf]]


class Checkpointer:
    """Knows of every partition in hand how far its checkpoint is behind, and writes the next that is due."""

    def __init__(
        self,
        open_shelf: OpenShelf,
        pace: Pace,
        clock: Callable[[], Millis],
        monotonic: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._open_shelf, self._pace = open_shelf, pace
        self._clock, self._monotonic, self._chance = clock, monotonic, chance
        self._held: dict[int, Held] = {}
        self._draft: Draft | None = None
        self._begun = asyncio.Event()

    def hold(self, restart: Restart) -> None:
        """A partition was taken over."""
        owner, covered, last, at = restart
        not_before = self._monotonic() + self._pace.first(self._chance())
        self._held[owner.partition] = Held(owner, owner.watermark - owner.landing, covered, last, not_before, at)

    def release(self) -> dict[int, int]:
        """Nothing is owned any more; returns by partition which outcomes offset its checkpoint stands for."""
        covered = {partition: held.covered for partition, held in self._held.items()}
        for partition in self._held:
            for gauge in (metrics.CHECKPOINT_AGE, metrics.CHECKPOINT_BEHIND, metrics.CHECKPOINT_BYTES):
                gauge.remove(str(partition))
        self._held.clear()
        self._draft = None
        return covered

    def touch(self, partition: int, records: Iterable[Any]) -> None:
        """These commands are about to be taken: what the draft needs of their matches is kept first."""
        if self._draft is not None and self._draft.partition == partition:
            for record in records:
                self._draft.touch(record.key)

    def landed(self, owner: Owner, last: Taken) -> None:
        """A batch was acknowledged at its place; `last` is its last outcome."""
        held = self._held.get(owner.partition)
        if held is not None:
            held.last = (last.key, last.value)
            self._consider(held)

    def _consider(self, held: Held) -> None:
        """Begin a checkpoint where one is due and nothing is in flight."""
        if self._draft is None and held.due(self._pace, self._monotonic()) and quiet(held.owner, held.lead):
            self._draft = Draft(uuid4().hex, held.owner, checksum(*held.last))
            self._begun.set()

    async def run(self) -> None:
        """Write what is due until cancelled. A fault is reported, and tried again a period later."""
        while True:
            await self._next()
            try:
                async with self._open_shelf() as shelf:
                    while True:
                        await self._write(shelf)
                        await self._next()
            except Exception as error:  # a checkpoint is a convenience: no fault of it may end a term
                metrics.CHECKPOINTS_FAILED.labels(step="write").inc()
                log.warning("checkpoint_failed", error=type(error).__name__, exc_info=error)
                self._put_off()

    async def _next(self) -> None:
        """Wait until a draft has been begun, here or where a batch has landed."""
        while self._draft is None:
            self._begun.clear()
            for held in self._held.values():
                self._consider(held)
            self._report()
            try:
                async with asyncio.timeout(LOOK_SECONDS):  # Python 3.11's wait_for may swallow a cancellation
                    await self._begun.wait()
            except TimeoutError:
                continue

    async def _write(self, shelf: Shelf) -> None:
        draft, began = self._draft, self._monotonic()
        if draft is None:
            return
        places: list[int] = []
        while (record := self._slice(draft)) is not None:
            places.append(await shelf.put(draft.partition, record))
            if self._draft is not draft:
                return  # the partition was given back meanwhile
        pointer = draft.pointer(places[0], places[-1], self._clock())
        await shelf.publish(draft.partition, pointer)
        if self._draft is draft:
            self._written(draft, pointer, self._monotonic() - began)

    def _slice(self, draft: Draft) -> Record | None:
        with metrics.CHECKPOINT_SLICE_SECONDS.time():
            chunk = draft.chunk()
            return None if chunk is None else encode_chunk(chunk, self._clock())

    def _written(self, draft: Draft, pointer: Pointer, seconds: float) -> None:
        held = self._held[draft.partition]
        held.covered, held.at = draft.next, pointer.at
        held.not_before = self._monotonic() + self._pace.pause(seconds, len(self._held), self._chance())
        self._draft = None
        metrics.CHECKPOINTS.inc()
        metrics.CHECKPOINT_SECONDS.observe(seconds)
        metrics.CHECKPOINT_BYTES.labels(partition=str(draft.partition)).set(draft.size)
        log.info(
            "checkpoint_written",
            partition=draft.partition,
            offset=draft.next,
            bytes=draft.size,
            count=pointer.chunks,
            seconds=round(seconds, 3),
        )

    def _put_off(self) -> None:
        """After a fault: the partition's next attempt comes a period later."""
        draft, self._draft = self._draft, None
        held = None if draft is None else self._held.get(draft.partition)
        if held is not None:
            held.not_before = self._monotonic() + self._pace.pause(0, 1, self._chance())

    def _report(self) -> None:
        for partition, held in self._held.items():
            metrics.CHECKPOINT_BEHIND.labels(partition=str(partition)).set(held.behind)
            if held.at is not None:
                age = max(0, self._clock() - held.at) / 1000
                metrics.CHECKPOINT_AGE.labels(partition=str(partition)).set(age)
