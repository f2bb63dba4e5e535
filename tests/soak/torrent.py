"""Sends commands straight into their topic, in whole batches, and keeps what the broker acknowledged."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from aiokafka.errors import KafkaError, KafkaTimeoutError

from infra.kafka.client import producer
from schemas.topics import COMMAND_BYTES, MATCHES, PARTITIONS
from tests.soak.tables import Sendable

BATCH_BYTES = COMMAND_BYTES - 2048
TICK_SECONDS = 0.05
QUEUED = 20_000  # commands that may wait for the broker here
ANSWER_SECONDS = 60.0
END_SECONDS = 90.0


class Batch(NamedTuple):
    """Commands that the broker promised to keep, from `base` on, one after the other."""

    partition: int
    base: int
    commands: tuple[str, ...]


class Torrent:
    """One sender a partition, so that a match's commands stay in their order."""

    def __init__(self, servers: str, source: Iterator[Sendable], opened: list[str]) -> None:
        self.sent = self.unknown = 0
        self.acknowledged: list[Batch] = []
        self.heads = [0] * PARTITIONS  # the offset behind the last command known to be in the log
        self._servers, self._source, self._opened = servers, source, opened
        self._queues = [asyncio.Queue[Sendable]() for _ in range(PARTITIONS)]
        self._renewing = asyncio.Lock()
        self._sender: Any = None

    @property
    def queued(self) -> int:
        return sum(queue.qsize() for queue in self._queues)

    async def run(self, rate: Callable[[], float], enough: Callable[[], bool]) -> None:
        """Send at `rate()` commands a second until `enough()`, then wait for the answers."""
        self._sender = await self._started()
        senders = [asyncio.create_task(self._serve(queue)) for queue in self._queues]
        try:
            await self._pour(rate, enough, senders)
            async with asyncio.timeout(END_SECONDS):
                await asyncio.gather(*(queue.join() for queue in self._queues))
        finally:
            for task in senders:
                task.cancel()
            await asyncio.gather(*senders, return_exceptions=True)
            await _end(self._sender)

    async def _pour(
        self, rate: Callable[[], float], enough: Callable[[], bool], senders: list[asyncio.Task[None]]
    ) -> None:
        owed, last = 0.0, time.monotonic()
        while not enough():
            if broken := next((task for task in senders if task.done()), None):
                broken.result()
            await asyncio.sleep(TICK_SECONDS)
            now = time.monotonic()
            owed = min(owed + (now - last) * rate(), 2 * rate())
            last = now
            while owed >= 1 and self.queued < QUEUED:
                sendable = next(self._source)
                self._queues[sendable.partition].put_nowait(sendable)
                owed -= 1

    async def _serve(self, queue: asyncio.Queue[Sendable]) -> None:
        waiting: Sendable | None = None
        while True:
            first = waiting or await queue.get()
            taken, builder = [first], self._sender.create_batch()
            append(builder, first)
            waiting = None
            while not queue.empty():
                following = queue.get_nowait()
                if not append(builder, following):
                    waiting = following
                    break
                taken.append(following)
            builder.close()
            await self._send(builder, taken)
            for _ in taken:
                queue.task_done()

    async def _send(self, builder: Any, taken: list[Sendable]) -> None:
        self.sent += len(taken)
        partition, sender = taken[0].partition, self._sender
        try:
            answer = await _queued(sender, builder, partition)
            kept = await asyncio.wait_for(answer, ANSWER_SECONDS)
        except (KafkaError, OSError, TimeoutError):
            self.unknown += len(taken)
            await self._renew(sender)
            return
        self.acknowledged.append(Batch(partition, kept.offset, tuple(one.command for one in taken)))
        self.heads[partition] = kept.offset + len(taken)
        self._opened += [one.opens for one in taken if one.opens]

    async def _renew(self, failed: Any) -> None:
        """A producer that failed once is never used again."""
        async with self._renewing:
            if self._sender is failed:
                await _end(failed)
                self._sender = await self._started()

    async def _started(self) -> Any:
        until = time.monotonic() + END_SECONDS
        while True:
            sender = producer(self._servers, max_batch_size=BATCH_BYTES)
            try:
                await sender.start()
                return sender
            except (KafkaError, OSError):
                await _end(sender)
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(0.5)


async def _queued(sender: Any, builder: Any, partition: int) -> Any:
    """The promise of an answer. What did not even come into the producer's queue is tried again."""
    until = time.monotonic() + ANSWER_SECONDS
    while True:
        try:
            return await sender.send_batch(builder, MATCHES.commands, partition=partition)
        except KafkaTimeoutError:
            if time.monotonic() > until:
                raise


async def _end(sender: Any) -> None:
    with contextlib.suppress(TimeoutError, KafkaError, OSError):
        await asyncio.wait_for(sender.stop(), 5)


def append(builder: Any, sendable: Sendable) -> bool:
    """Whether there was room."""
    key, value, headers = sendable.record
    return builder.append(timestamp=None, key=key, value=value, headers=headers) is not None
