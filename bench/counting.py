"""The floor of a drain: the same commands through the same clients into such a log, counted by key, not judged."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson

from bench import raw
from bench.preload import send
from bench.quiet import no_collector
from bench.target import Target
from infra.kafka.client import producer
from playlog.log_reader import batches, ends, opened
from schemas.codec import Record, fence_name, outcome_headers
from schemas.log import Fence
from schemas.topics import MATCHES, PARTITIONS

FENCE = fence_name(Fence(0, "0" * 32))


class Counted(NamedTuple):
    """Commands a second, and CPU seconds of this process per 100,000."""

    rate: float
    cpu: float


async def drain(target: Target) -> Counted:
    """What any worker pays that reads a command, changes one value and appends one record with our headers."""
    writer, totals = producer(target.kafka), Counter[bytes]()
    await writer.start()
    try:
        async with raw.fresh_topic(target) as topic, opened(target.settings) as consumer:
            until = await ends(consumer, MATCHES.commands, range(PARTITIONS))
            with no_collector():
                began, cpu = time.perf_counter(), time.process_time()
                async for partition, records in batches(consumer, MATCHES.commands, until):
                    results = _results(totals, partition, records)
                    await asyncio.gather(*await send(writer, topic, partition, results))
                seconds, used = time.perf_counter() - began, time.process_time() - cpu
    finally:
        await writer.stop()
    done = sum(totals.values())
    return Counted(done / seconds, used * 100_000 / done)


def _results(totals: Counter[bytes], partition: int, records: Sequence[Any]) -> Iterable[Record]:
    for record in records:
        asked = orjson.loads(record.value)
        totals[record.key] += 1
        value = {"player": asked["player"], "at": record.timestamp, "count": totals[record.key]}
        headers = outcome_headers(FENCE, partition, record.offset, record.offset - 1, record.timestamp)
        yield Record(record.key, orjson.dumps(value), headers)
