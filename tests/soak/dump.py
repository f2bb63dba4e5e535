"""What the stores and the clients of a long run hold at rest, sorted by partition piece by piece."""

from collections.abc import Iterator
from typing import Any

import asyncpg
import redis.asyncio as redis

from schemas import tables
from schemas.topics import MATCHES
from tests.faults import collect
from tests.faults.scene import Scene
from tests.proof.evidence import Place, Sentinel
from tests.soak.parts import Parts, by_call, by_result, home
from tests.soak.torrent import Batch

CHUNK = 20_000  # keys at a time


async def dump(scene: Scene, parts: Parts, batches: list[Batch], sentinels: list[Sentinel]) -> int:
    """All but both logs and PostgreSQL's rows: who examines a partition reads them. Returns Redis's time, ms."""
    now_ms = await _redis(scene, parts)
    parts.add("postgres_progress", ((place.partition, place) for place in await _progress(scene)))
    notes = scene.notes
    parts.add("history", by_call(notes.history))
    parts.add("connections", ((home(one.match), one) for one in notes.connections()))
    parts.add("redis_writes", ((home(one.match), one) for one in scene.sampler.writes))
    parts.add("sentinels", ((one.partition, one) for one in sentinels))
    parts.add("batches", ((one.partition, one) for one in batches))
    for topic in (MATCHES.commands, MATCHES.outcomes):
        marks = await collect.Dump(scene.stores.kafka_address, topic).watermarks()
        parts.add("watermarks", ((mark.partition, mark) for mark in marks))
    parts.cut_notes(scene.folder)
    return now_ms


async def _redis(scene: Scene, parts: Parts) -> int:
    client: Any = redis.from_url(scene.stores.redis_url)
    try:
        names: set[bytes] = set()  # a scan may tell a name twice
        async for name in client.scan_iter(match="playlog:*", count=1000):
            names.add(name)
        for chunk in _chunks(sorted(names)):
            matches = [name for name in chunk if name.startswith(collect.MATCH)]
            results = [name for name in chunk if name.startswith(collect.COMMAND)]
            found = await collect.redis_matches(client, matches)
            parts.add("redis_matches", ((home(one.match), one) for one in found))
            parts.add("redis_results", by_result(await collect.redis_results(client, results)))
        places = await collect.redis_progress(client)
        parts.add("redis_progress", ((place.partition, place) for place in places))
        seconds, micros = await client.time()
    finally:
        await client.aclose()
    return int(seconds) * 1000 + int(micros) // 1000


def _chunks(names: list[bytes]) -> Iterator[list[bytes]]:
    return (names[first : first + CHUNK] for first in range(0, len(names), CHUNK))


async def _progress(scene: Scene) -> list[Place]:
    connection = await asyncpg.connect(scene.stores.postgres_url)
    try:
        rows = await connection.fetch(
            f"SELECT partition, next_offset, fence_offset, fence_id, watermark, crc FROM {tables.PROGRESS}"
        )
    finally:
        await connection.close()
    return [Place(*row) for row in map(tuple, rows)]
