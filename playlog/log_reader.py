"""Reads partitions of the log from offset 0 to an end found at the start; assigned, never in a group."""

import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from infra.kafka.client import bounds, reader
from infra.kafka.group import close
from infra.settings import WithKafka

POLL_MS = 500
POLL_RECORDS = 4000
STALLED_SECONDS = 30.0


class LogUnreadable(Exception):
    """The log is not there, or not whole; the message says what to do."""


@asynccontextmanager
async def opened(settings: WithKafka) -> AsyncIterator[AIOKafkaConsumer]:
    """A started reader. Raises LogUnreadable where Kafka does not answer."""
    consumer = reader(settings.kafka, settings.security, client_id="playlog")
    try:
        try:
            await consumer.start()
        except (KafkaError, OSError) as error:
            raise LogUnreadable(
                f"Kafka does not answer at {settings.kafka} ({type(error).__name__}): is it running?"
            ) from error
        yield consumer
    finally:
        await close(consumer)


async def ends(consumer: Any, topic: str, partitions: Collection[int]) -> dict[int, int]:
    """Where each partition ends now. Raises LogUnreadable where one is missing or does not begin at 0."""
    if topic not in await consumer.topics():
        raise LogUnreadable(f"there is no topic {topic}: `playlog topics apply` makes it")
    names = [TopicPartition(topic, partition) for partition in partitions]
    consumer.assign(names)
    try:
        found = await bounds(consumer, names)
    except KafkaError as error:
        raise LogUnreadable(f"{topic} cannot be read: {type(error).__name__} {error}") from error
    if cut := [name for name in names if found[name][0] > 0]:
        raise LogUnreadable(
            f"{topic}-{cut[0].partition} begins at offset {found[cut[0]][0]}: without its head nobody can tell "
            "which outcomes count; read a copy of the whole log"
        )
    return {name.partition: found[name][1] for name in names}


async def batches(
    consumer: Any, topic: str, until: dict[int, int], follow: bool = False
) -> AsyncIterator[tuple[int, Sequence[Any]]]:
    """Every partition's records from 0 to before `until`, in order, as they come; `follow`: and on, for ever.

    Raises LogUnreadable when nothing comes any more although the end is not reached; where there is none, when
    no fetch is answered any more.
    """
    waiting = {TopicPartition(topic, partition) for partition, end in until.items() if follow or end > 0}
    consumer.assign(sorted(waiting))
    for name in waiting:
        consumer.seek(name, 0)
    moved, answered = time.monotonic(), 0
    while waiting:
        found = await consumer.getmany(*waiting, timeout_ms=POLL_MS, max_records=POLL_RECORDS)
        for name, records in found.items():
            if not follow and records[-1].offset + 1 >= until[name.partition]:
                waiting.discard(name)
                consumer.pause(name)
                records = [record for record in records if record.offset < until[name.partition]]
            yield name.partition, records
        latest = max((consumer.last_poll_timestamp(name) or 0 for name in waiting), default=0) if follow else 0
        if found or latest > answered:
            moved, answered = time.monotonic(), latest
        elif time.monotonic() - moved > STALLED_SECONDS:
            raise LogUnreadable(
                f"{topic}: {'no answer' if follow else 'nothing came'} for {STALLED_SECONDS:.0f} s"
                f"{'' if follow else ', although its end is not reached'}: "
                "see whether all brokers are up, then start again"
            )
