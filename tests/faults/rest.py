"""After the faults: everything healed, a sentinel through every partition, quiet, and the evidence of it all."""

import asyncio
import contextlib
import os
import secrets
import signal
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
from aiokafka.errors import KafkaError
from redis.exceptions import RedisError

from infra import postgres
from infra.kafka.client import partition_of
from schemas.command import Command, encode_command
from schemas.ids import match_id
from schemas.match import Create, Options
from schemas.topics import MATCHES, PARTITIONS
from tests.faults import noting
from tests.faults.collect import Dump, Postgres, Redis
from tests.faults.raw import raw
from tests.faults.scene import Scene
from tests.proof.evidence import Circumstances, Connection, Evidence, Place, Reading, Record, Send, Sentinel
from tests.proof.rules import reader

READY_SECONDS = 90.0
QUIET_SECONDS = 90.0
STREAMS_SECONDS = 15.0  # longer than a client ever waits before it tries again
SENTINEL_SECONDS = 30.0
POLL_SECONDS = 1.2  # a stream may learn of the newest view by its gateway's poll alone, once a second
AWAY = (*postgres.AWAY, asyncpg.PostgresError, KafkaError, RedisError)


class NotAtRest(Exception):
    """The system does not come to rest: some command has no outcome, or some store does not catch up."""


async def heal(scene: Scene) -> str:
    """End every fault, start whatever is dead, wait until all is ready; what is not, in words."""
    scene.links.heal()
    names = [*(f"broker-{number}" for number, _ in enumerate(scene.brokers, 1)), "kafka", "redis", "postgres"]
    for name in names:
        scene.target(name).resume() if _ours(scene, name) else None
    for name in names:
        if _ours(scene, name):
            await scene.answering(name, READY_SECONDS)
    for service in scene.services.services.values():
        service.resume()
        scene.launch_plainly(service.name)
    for extra in scene.extras:
        extra.kill()
    deadline = time.monotonic() + READY_SECONDS
    while late := [
        service for service in scene.services.services.values() if not service.running or not service.ready
    ]:
        if time.monotonic() > deadline:
            for service in late:
                os.kill(service.pid, signal.SIGUSR2)  # its log then says where it waits
            await asyncio.sleep(1)
            return "not ready again: " + ", ".join(service.name for service in late)
        for service in late:
            service.start()
        await asyncio.sleep(0.25)
    return ""


def _ours(scene: Scene, name: str) -> bool:
    return hasattr(scene.target(name), "child")


async def sentinels(scene: Scene) -> list[Sentinel]:
    """One command to every partition."""
    found: dict[int, tuple[str, float]] = {}
    async with raw(scene.stores.kafka_address) as writer:
        while len(found) < PARTITIONS:
            create = str(uuid4())
            match = match_id(create)
            partition = partition_of(match.encode(), PARTITIONS)
            if partition in found:
                continue
            word = Create(game="rps", rules=1, options=Options(best_of=7, move_seconds=86_400))
            command = Command(create, match, str(uuid4()), secrets.token_hex(16), word)
            record = encode_command(command, int(time.time() * 1000), "/sentinel")
            await writer.append(MATCHES.commands, partition, record.key, record.value, record.headers)
            found[partition] = create, time.monotonic()
    return [Sentinel(p, command, sent, None, SENTINEL_SECONDS) for p, (command, sent) in sorted(found.items())]


class Rest:
    """Reads both logs and both stores until nothing moves any more."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        address = scene.stores.kafka_address
        self.commands, self.outcomes = Dump(address, MATCHES.commands), Dump(address, MATCHES.outcomes)
        self.redis, self.postgres = Redis(), Postgres()
        self.seen: dict[str, float] = {}
        self.connections: list[Connection] = []
        self.sends: list[Send] = []
        self.readings: list[Reading] = []

    async def come(self) -> str:
        """Wait until every command has its outcome and every store is at the log's end; what is not, in words.

        What clients and services noted is taken when nothing moved from one look to the next: it then belongs to
        the same log.
        """
        began, words, before = time.monotonic(), "nothing could be read", -1
        while time.monotonic() < began + QUIET_SECONDS:
            with contextlib.suppress(*AWAY):
                cut = self._scene.notes.between_tries() if time.monotonic() < began + STREAMS_SECONDS else 0
                self.connections = self._scene.notes.connections()
                self.sends, self.readings = noting.read(self._scene.folder)
                words = await self._look() or (f"{cut} streams are between two tries" if cut else "")
                count = len(self.outcomes.records)
                if not words and count == before:
                    return ""
                before = -1 if words else count
            await asyncio.sleep(POLL_SECONDS)
        return words or "the log never rests"

    async def _look(self) -> str:
        """All four read, the commands last: if all agree, nothing moved meanwhile."""
        stores = self._scene.stores
        await self.outcomes.read()
        self._see()
        self.postgres = await Postgres.read(stores.postgres_url)
        self.redis = await Redis.read(stores.redis_url)
        await self.commands.read()
        ends = _ends(self.outcomes.records)
        for name, places in (("Redis", self.redis.progress), ("PostgreSQL", self.postgres.progress)):
            if behind := _behind(places, ends):
                return f"{name} does not reach the end of partitions {behind}"
        waiting = _waiting(self.commands.records, self.outcomes.records)
        return f"no outcomes for {waiting} commands" if waiting else ""

    def _see(self) -> None:
        now = time.monotonic()
        for command in accepted(self.outcomes.records):
            self.seen.setdefault(command, now)


def accepted(outcomes: list[Record]) -> set[str]:
    """The commands that have an outcome that counts."""
    return {one.value["command_id"] for part in _read(outcomes).values() for one in part.accepted}


def _ends(records: list[Record]) -> dict[int, int]:
    ends: dict[int, int] = {}
    for record in records:
        ends[record.partition] = record.offset + 1
    return ends


def _behind(places: list[Place], ends: dict[int, int]) -> list[int]:
    standing = {place.partition: place.next for place in places}
    return sorted(partition for partition, end in ends.items() if standing.get(partition) != end)


def _read(records: list[Record]) -> dict[int, Any]:
    parts: dict[int, list[Record]] = {}
    for record in records:
        parts.setdefault(record.partition, []).append(record)
    return {partition: reader.read(part) for partition, part in parts.items()}


def _waiting(commands: list[Record], outcomes: list[Record]) -> int:
    ends = _ends(commands)
    last = {partition: part.watermark for partition, part in _read(outcomes).items()}
    return sum(end - 1 - last.get(partition, -1) for partition, end in ends.items())


async def evidence(scene: Scene, rest: Rest, sent: list[Sentinel], at_rest: bool) -> Evidence:
    """Everything that is known of the run."""
    found = Evidence(
        Circumstances(
            partitions=PARTITIONS,
            rest=at_rest,
            redis_ms=rest.redis.now_ms,
            label=f"{scene.folder.name} seed {scene.seed}",
        )
    )
    found.commands, found.outcomes = rest.commands.records, rest.outcomes.records
    found.redis_matches, found.redis_results = rest.redis.matches, rest.redis.results
    found.redis_progress, found.postgres_progress = rest.redis.progress, rest.postgres.progress
    found.events, found.matches = rest.postgres.events, rest.postgres.matches
    found.seats, found.results = rest.postgres.seats, rest.postgres.results
    found.history, found.connections, found.readings = scene.notes.history, rest.connections, rest.readings
    found.sends = rest.sends + [
        Send("load", "commands", one.partition, one.offset, one.command_id) for one in scene.load.acknowledged
    ]
    found.faults, found.redis_writes = scene.faults, scene.sampler.writes
    found.sentinels = [
        Sentinel(one.partition, one.command, one.sent, rest.seen.get(one.command), one.bound) for one in sent
    ]
    with contextlib.suppress(*AWAY):
        found.watermarks = [*await rest.commands.watermarks(), *await rest.outcomes.watermarks()]
    return found


def folder_of(root: Path, row: str, seed: int) -> Path:
    """Where a run's stores, logs and evidence are."""
    path = root / f"{row}-{seed}"
    number = 1
    while path.exists():
        number += 1
        path = root / f"{row}-{seed}-{number}"
    path.mkdir(parents=True)
    return path
