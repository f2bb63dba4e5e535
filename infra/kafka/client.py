"""aiokafka clients with the settings that the log relies on; aiokafka's defaults lose or skip records."""

import asyncio
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.partitioner import murmur2

REQUEST_TIMEOUT_MS = 15_000
METADATA_MAX_AGE_MS = 30_000
MAX_BATCH = 1 << 20  # the broker's message.max.bytes is 1,048,588 and limits the batch
MAX_REQUEST = 4 << 20
FETCH_PARTITION_BYTES = 4 << 20
FETCH_BYTES = 32 << 20


def producer(
    servers: str,
    security: Mapping[str, Any] | None = None,
    *,
    max_batch_size: int = MAX_BATCH,
    linger_ms: int = 0,
    **more: Any,
) -> AIOKafkaProducer:
    """An idempotent producer with acks=all, not yet started; drop it after any produce error.

    It retries for ever by itself, so the caller needs a deadline of its own around every acknowledgement.
    """
    return AIOKafkaProducer(
        bootstrap_servers=servers,
        enable_idempotence=True,
        acks="all",
        max_batch_size=max_batch_size,
        max_request_size=MAX_REQUEST,
        linger_ms=linger_ms,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        metadata_max_age_ms=METADATA_MAX_AGE_MS,
        **(security or {}),
        **more,
    )


def reader(servers: str, security: Mapping[str, Any] | None = None, **more: Any) -> AIOKafkaConsumer:
    """A consumer without a group, not yet started: assign partitions and seek each before the first poll.

    A position that the log no longer has raises (OffsetOutOfRange, NoOffsetForPartition); it never jumps.
    """
    arguments: dict[str, Any] = {
        "auto_offset_reset": "none",
        "enable_auto_commit": False,
        "max_partition_fetch_bytes": FETCH_PARTITION_BYTES,
        "fetch_max_bytes": FETCH_BYTES,
        "request_timeout_ms": REQUEST_TIMEOUT_MS,
        "metadata_max_age_ms": METADATA_MAX_AGE_MS,
    }
    arguments.update(security or {}, **more)
    return AIOKafkaConsumer(bootstrap_servers=servers, **arguments)


async def bounds(consumer: Any, tps: Collection[TopicPartition]) -> dict[TopicPartition, tuple[int, int]]:
    """Where the log of each partition begins and ends.

    Both are asked together: the broker answers only after the fetch before them, which waits for up to 0.5 s.
    """
    if not tps:
        return {}
    begins, ends = await asyncio.gather(consumer.beginning_offsets(tps), consumer.end_offsets(tps))
    return {tp: (begins[tp], ends[tp]) for tp in tps}


def admin(servers: str, security: Mapping[str, Any] | None = None, **more: Any) -> AIOKafkaAdminClient:
    """An admin client, not yet started; `await start()`, and `await close()` at the end."""
    return AIOKafkaAdminClient(
        bootstrap_servers=servers, **{"request_timeout_ms": REQUEST_TIMEOUT_MS, **(security or {}), **more}
    )


@lru_cache(maxsize=4096)  # the client computes it in Python; few matches are played at a time
def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key as the Java client computes it (murmur2, made positive, modulo)."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)
