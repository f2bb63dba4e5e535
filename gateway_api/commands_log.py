"""Appends commands to the log: one idempotent producer, replaced whole after any failure."""

import asyncio
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from infra.backoff import Backoff
from infra.kafka.client import partition_of
from infra.kafka.client import producer as make_producer
from infra.metrics import STORE_AWAY
from schemas.codec import Record
from schemas.topics import PARTITIONS

log = structlog.get_logger()
ACK_SECONDS = 5.0
START_SECONDS = 10.0
STOP_SECONDS = 3.0
BATCH_BYTES = 16 * 1024  # the commands topic takes batches of 64 KiB


class LogAway(Exception):
    """The command may or may not be in the log; a repeat with the same id is safe."""


class CommandsLog:
    """`run` keeps a producer, `append` uses it. One that failed once is abandoned.

    After an error aiokafka's idempotent producer may raise OutOfOrderSequenceNumber for ever (known upstream).
    """

    def __init__(self, servers: str, security: dict[str, Any], topic: str, ack: float = ACK_SECONDS) -> None:
        self._servers, self._security, self._topic = servers, security, topic
        self._ack_seconds = ack
        self._producer: AIOKafkaProducer | None = None
        self._failed = asyncio.Event()
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def usable(self) -> bool:
        return self._producer is not None

    async def append(self, record: Record) -> None:
        """Returns when the brokers have it; raises LogAway within ACK_SECONDS otherwise."""
        producer = self._producer
        if producer is None:
            raise LogAway("no producer")
        try:
            async with asyncio.timeout(self._ack_seconds):
                # The client would place it by the number of partitions that the broker names, which may be wrong.
                partition = partition_of(record.key or b"", PARTITIONS)
                acknowledged = await producer.send(
                    self._topic, record.value, record.key, partition, headers=record.headers
                )
                await acknowledged
        except (KafkaError, OSError, TimeoutError) as error:
            self._abandon(producer, error)
            raise LogAway(type(error).__name__) from error

    async def run(self, stop: asyncio.Event) -> None:
        """Start a producer and start another one whenever it failed, until `stop`."""
        backoff = Backoff(stop, first=0.1, most=2.0)
        try:
            while not stop.is_set():
                if await self._start(backoff.attempt):
                    backoff.reset()
                    await self._first(stop)
                else:
                    await backoff.wait()
        finally:
            if self._producer is not None:
                self._leave(self._producer)
            if self._leaving:
                await asyncio.wait(self._leaving, timeout=2 * STOP_SECONDS)

    async def _start(self, attempt: int) -> bool:
        producer = make_producer(self._servers, self._security, max_batch_size=BATCH_BYTES)
        try:
            async with asyncio.timeout(START_SECONDS):
                await producer.start()
                await producer.partitions_for(self._topic)
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning("kafka_away", error=type(error).__name__, attempt=attempt)
            self._leave(producer)
            return False
        self._failed.clear()
        self._producer = producer
        log.info("kafka_reached")
        return True

    async def _first(self, stop: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(event.wait()) for event in (stop, self._failed)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _abandon(self, producer: AIOKafkaProducer, error: Exception) -> None:
        if producer is not self._producer:
            return
        STORE_AWAY.labels("kafka").inc()
        log.warning("producer_abandoned", error=type(error).__name__)
        self._producer = None
        self._leave(producer)
        self._failed.set()

    def _leave(self, producer: AIOKafkaProducer) -> None:
        task = asyncio.create_task(_end(producer))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


async def _end(producer: AIOKafkaProducer) -> None:
    """Stop a producer in bounded time; stop() waits for what cannot be delivered, its sender is cut off then."""
    try:
        await asyncio.wait_for(producer.stop(), STOP_SECONDS)
    except (TimeoutError, KafkaError, OSError):
        sender = producer._sender
        if sender is not None:
            await sender.close()
        await producer.client.close()
