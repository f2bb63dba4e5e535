"""After the blows: all healed, a sentinel through each partition, engines without timers, and nothing moves."""

import asyncio
import contextlib
import json
import time
from typing import Any

import asyncpg
import redis.asyncio as redis
from aiokafka import TopicPartition

from infra.kafka.client import reader
from schemas import keys, tables
from schemas.topics import MATCHES, PARTITIONS
from tests.faults import rest
from tests.faults.scene import Scene, launched
from tests.proof.evidence import Sentinel
from tests.soak.stage import ENGINE

LOOK_SECONDS = 1.0
OUTCOMES, COMMANDS = (
    [TopicPartition(topic, number) for number in range(PARTITIONS)]
    for topic in (MATCHES.outcomes, MATCHES.commands)
)


async def sentinels(scene: Scene, seconds: float) -> list[Sentinel]:
    """Sent, and followed until each has its outcome. `seconds`: what a backlog may add to their bound."""
    consumer = reader(scene.stores.kafka_address)
    await consumer.start()
    try:
        consumer.assign(OUTCOMES)
        for place, end in (await consumer.end_offsets(OUTCOMES)).items():
            consumer.seek(place, end)
        sent = await asyncio.wait_for(rest.sentinels(scene), rest.SENTINEL_SECONDS)
        seen: dict[str, float] = {}
        bound = rest.SENTINEL_SECONDS + seconds
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(bound):
                await _follow(consumer, {one.command for one in sent}, seen)
    finally:
        await consumer.stop()
    return [Sentinel(one.partition, one.command, one.sent, seen.get(one.command), bound) for one in sent]


async def _follow(consumer: Any, wanted: set[str], seen: dict[str, float]) -> None:
    while wanted:
        for records in (await consumer.getmany(timeout_ms=200)).values():
            for record in records:
                command = json.loads(record.value).get("command_id")
                if command in wanted:
                    wanted.discard(command)
                    seen[command] = time.monotonic()


async def silence(scene: Scene) -> None:
    """Engines whose timers never ring: what has ended ten minutes ago is closed by a timer, again and again."""
    engines = [one for one in scene.services.services.values() if one.program.service == ENGINE]
    for engine in engines:
        engine.stop()
    for engine in engines:
        engine.program = launched(engine.program, scene.folder, scene.bug, "--silent")
        engine.start()
    for engine in engines:
        await scene.until_ready(engine.name, rest.READY_SECONDS)


async def come(scene: Scene, seconds: float) -> str:
    """Wait until every command has its outcome and both stores are at the end of the log, and nothing moves from
    one look to the next; what is not so after `seconds`, in words."""
    deadline, words, before = time.monotonic() + seconds, "nothing could be read", -1
    while time.monotonic() < deadline:
        with contextlib.suppress(*rest.AWAY):
            words, moved = await _look(scene)
            if not words and moved == before:
                return ""
            before = -1 if words else moved
        await asyncio.sleep(LOOK_SECONDS)
    return words or "the log never rests"


async def _look(scene: Scene) -> tuple[str, int]:
    """What is not at rest, and how long both logs are."""
    ends = await _ends(scene)
    outcomes = {place.partition: ends[place] for place in OUTCOMES}
    commands = {place.partition: ends[place] for place in COMMANDS}
    stands = {"Redis": await _redis(scene), "PostgreSQL": await _postgres(scene)}
    for name, places in stands.items():
        if behind := [number for number, end in outcomes.items() if end and places.get(number, (0, 0))[0] != end]:
            return f"{name} does not reach the end of partitions {behind}", 0
    waiting = {number: end - 1 - stands["Redis"].get(number, (0, -1))[1] for number, end in commands.items()}
    if left := sum(waiting.values()):
        return f"no outcomes for {left} commands", 0
    return "", sum(ends.values())


async def _ends(scene: Scene) -> dict[TopicPartition, int]:
    consumer = reader(scene.stores.kafka_address)
    await consumer.start()
    try:
        return dict(await consumer.end_offsets([*OUTCOMES, *COMMANDS]))
    finally:
        await consumer.stop()


async def _redis(scene: Scene) -> dict[int, tuple[int, int]]:
    """By partition the next offset and the watermark."""
    client = redis.from_url(scene.stores.redis_url)
    try:
        values = await client.mget([keys.progress(number) for number in range(PARTITIONS)])
    finally:
        await client.aclose()
    saved = {number: json.loads(raw) for number, raw in enumerate(values) if raw}
    return {number: (one["next"], one["watermark"]) for number, one in saved.items()}


async def _postgres(scene: Scene) -> dict[int, tuple[int, int]]:
    connection = await asyncpg.connect(scene.stores.postgres_url)
    try:
        rows = await connection.fetch(f"SELECT partition, next_offset, watermark FROM {tables.PROGRESS}")
    finally:
        await connection.close()
    return {row["partition"]: (row["next_offset"], row["watermark"]) for row in rows}
