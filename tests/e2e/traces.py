"""All that the platform leaves behind, as bytes to be searched: logs, metrics, topics, Redis, PostgreSQL."""

import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncpg
from aiokafka import TopicPartition
from redis.asyncio import Redis

from infra.kafka.client import bounds, reader
from infra.stack.platform import Platform
from schemas.topics import MATCHES, PARTITIONS

SECONDS = 10.0


def logs(folders: list[Path]) -> dict[str, bytes]:
    """Every log file below these folders, the services' and the stores'."""
    return {path.name: path.read_bytes() for folder in folders for path in folder.rglob("*.log*")}


def metrics(platform: Platform) -> dict[str, bytes]:
    """What each process tells whoever asks."""
    found = {}
    for name, service in platform.services.items():
        with urllib.request.urlopen(f"http://127.0.0.1:{service.port}/metrics", timeout=SECONDS) as answer:
            found[name] = answer.read()
    return found


async def topics(servers: str) -> dict[str, bytes]:
    """Keys, headers and values of all records, by topic."""
    consumer = reader(servers)
    await consumer.start()
    try:
        every = (*MATCHES.topics(), *MATCHES.checkpoint_topics())
        return {topic.name: await _records(consumer, topic.name) for topic in every}
    finally:
        await consumer.stop()


async def _records(consumer: Any, topic: str) -> bytes:
    tps = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
    consumer.assign(tps)
    found: list[bytes] = []
    for tp, (begin, end) in (await bounds(consumer, tps)).items():
        consumer.seek(tp, begin)
        while await consumer.position(tp) < end:
            for record in (await consumer.getmany(tp, timeout_ms=1000)).get(tp, []):
                headers = [name.encode() + b"=" + (value or b"") for name, value in record.headers]
                found.append(b" ".join((record.key or b"", *headers, record.value or b"")))
    return b"\n".join(found)


async def redis(url: str) -> dict[str, bytes]:
    """Every key with its value."""
    async with Redis.from_url(url) as client:
        return {key.decode(): key + b" " + await _value(client, key) async for key in client.scan_iter(count=1000)}


async def _value(client: Any, key: bytes) -> bytes:
    match await client.type(key):
        case b"string":
            return bytes(await client.get(key))
        case b"hash":
            return b" ".join(part for pair in (await client.hgetall(key)).items() for part in pair)
        case b"zset":
            return b" ".join(await client.zrange(key, 0, -1))
        case b"set":
            return b" ".join(await client.smembers(key))
        case b"none":  # expired meanwhile
            return b""
        case kind:
            raise AssertionError(f"{key!r} is a {kind!r}: say here how it is read")


async def postgres(url: str) -> dict[str, bytes]:
    """Every row of every table as PostgreSQL writes it."""
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        return {name: await _rows(connection, name) for (name,) in tables}
    finally:
        await connection.close()


async def _rows(connection: Any, table: str) -> bytes:
    rows = await connection.fetch(f"SELECT t::text AS row FROM {table} t")
    return "\n".join(row["row"] for row in rows).encode()


def holding(found: Mapping[str, bytes], secret: bytes) -> list[str]:
    """Which of them hold the secret, with what stands around it."""
    return [f"{name}: …{_around(text, secret)!r}…" for name, text in found.items() if secret in text]


def _around(text: bytes, secret: bytes) -> bytes:
    at = text.index(secret)
    return text[max(0, at - 80) : at + len(secret) + 20]
