"""The floors on Kafka: produce(acks=all) to consume at a rate, and consuming as fast as it goes."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from uuid import uuid4

from aiokafka import TopicPartition

from bench.pace import open_loop
from bench.target import Target
from infra.kafka.client import admin, producer, reader
from infra.kafka.topics import TopicSpec, apply
from playlog.log_reader import batches, ends, opened
from playlog.quantiles import Quantiles, quantiles
from schemas.topics import PARTITIONS

TAIL_SECONDS = 20.0


class Floor(NamedTuple):
    """Milliseconds from a produce's intended moment to its consumption; how late the sends were, in seconds."""

    latency: Quantiles
    slips: list[float]


@asynccontextmanager
async def fresh_topic(target: Target) -> AsyncIterator[str]:
    """A topic like those of the log, deleted afterwards."""
    name, client = f"bench-{uuid4().hex[:8]}", admin(target.kafka)
    await client.start()
    try:
        await apply(client, [TopicSpec(name, PARTITIONS)])
        yield name
        await client.delete_topics([name])
    finally:
        await client.close()


async def produce_to_consume(target: Target, schedule: list[float], value: bytes, warm: int) -> Floor:
    """The same schedule with nothing but the project's own clients; the first `warm` are not counted."""
    latencies: list[float] = []
    intended_at: dict[int, float] = {}
    async with fresh_topic(target) as topic:
        writer, consumer = producer(target.kafka), reader(target.kafka)
        await writer.start()
        await consumer.start()
        try:
            consumer.assign([TopicPartition(topic, partition) for partition in range(PARTITIONS)])
            await consumer.seek_to_end()
            for partition in range(PARTITIONS):  # the first produce to a partition fetches metadata
                await writer.send_and_wait(topic, b"first", partition=partition)
            sends: list[asyncio.Task[Any]] = []

            def begin(index: int, intended: float) -> None:
                intended_at[index] = intended
                body = b"%d " % index + value
                sends.append(asyncio.ensure_future(writer.send(topic, body, partition=index % PARTITIONS)))

            reading = asyncio.create_task(_read(consumer, intended_at, latencies, len(schedule), warm))
            slips = await open_loop(schedule, begin)
            await asyncio.gather(*sends)
            async with asyncio.timeout(TAIL_SECONDS):
                await reading
        finally:
            await writer.stop()
            await consumer.stop()
    found = quantiles(1000 * value for value in latencies)
    assert found is not None
    return Floor(found, slips[warm:])


async def _read(
    consumer: Any, intended_at: dict[int, float], latencies: list[float], count: int, warm: int
) -> None:
    seen = 0
    while seen < count:
        for records in (await consumer.getmany(timeout_ms=200)).values():
            now = time.perf_counter()
            for record in records:
                if record.value == b"first":
                    continue
                index = int(record.value.partition(b" ")[0])
                seen += 1
                if index >= warm:
                    latencies.append(now - intended_at[index])


async def consume(target: Target, topic: str) -> tuple[int, float]:
    """Read a whole topic and do nothing with it: how many records, in how many seconds."""
    async with opened(target.settings) as consumer:
        until = await ends(consumer, topic, range(PARTITIONS))
        began = time.perf_counter()
        async for _ in batches(consumer, topic, until):
            pass
        return sum(until.values()), time.perf_counter() - began
