"""Everything a run left behind, read from the real stores into the checker's evidence."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg
import redis.asyncio as redis
from aiokafka import AIOKafkaConsumer, TopicPartition

from infra.kafka.client import reader
from schemas import tables
from schemas.topics import PARTITIONS
from tests.proof.evidence import (
    EventRow,
    MatchRow,
    Place,
    Record,
    RedisMatch,
    RedisResult,
    ResultRow,
    SeatRow,
    Watermark,
)

POLL_MS = 500
STALLED_POLLS = 60
TRIES = 10
MATCH, COMMAND, PROGRESS = b"playlog:match:", b"playlog:command:", b"playlog:progress:"
PIPELINE = 500


class Dump:
    """A topic from offset 0, read on with every call."""

    def __init__(self, servers: str, topic: str, partitions: int = PARTITIONS) -> None:
        self.records: list[Record] = []
        self._servers, self._topic = servers, topic
        self._places = [TopicPartition(topic, number) for number in range(partitions)]
        self._next = dict.fromkeys(self._places, 0)

    async def read(self) -> list[Record]:
        """All that is in it now."""
        consumer = reader(self._servers)
        await consumer.start()
        try:
            await self._read_on(consumer)
        finally:
            await consumer.stop()
        return self.records

    async def watermarks(self) -> list[Watermark]:
        """Where each partition begins and ends, for readers of both isolation levels, at a moment of rest."""
        found: list[Watermark] = []
        for _ in range(TRIES):
            before, begins = await self._ends("read_uncommitted")
            stable, _ = await self._ends("read_committed")
            after, _ = await self._ends("read_uncommitted")
            found = [
                Watermark(self._topic, place.partition, begins[place], stable[place], after[place])
                for place in self._places
            ]
            if before == after:
                break
        return found

    async def _ends(self, level: str) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
        consumer = reader(self._servers, isolation_level=level)
        await consumer.start()
        try:
            return await consumer.end_offsets(self._places), await consumer.beginning_offsets(self._places)
        finally:
            await consumer.stop()

    async def _read_on(self, consumer: AIOKafkaConsumer) -> None:
        consumer.assign(self._places)
        ends = await consumer.end_offsets(self._places)
        for place in self._places:
            consumer.seek(place, self._next[place])
        stalled = 0
        while any(self._next[place] < ends[place] for place in self._places):
            batches = await consumer.getmany(timeout_ms=POLL_MS)
            stalled = 0 if batches else stalled + 1
            if stalled > STALLED_POLLS:
                raise TimeoutError(f"{self._topic} cannot be read to its end")
            for place, records in batches.items():
                self.records += map(_record, records)
                self._next[place] = records[-1].offset + 1


def _record(raw: Any) -> Record:
    return Record(raw.partition, raw.offset, raw.timestamp, raw.key, raw.value, tuple(raw.headers))


class Redis:
    """All that the session worker keeps."""

    def __init__(self) -> None:
        self.matches: list[RedisMatch] = []
        self.results: list[RedisResult] = []
        self.progress: list[Place] = []
        self.now_ms = 0

    @classmethod
    async def read(cls, url: str) -> "Redis":
        found, client = cls(), redis.from_url(url)
        try:
            names = [name async for name in client.scan_iter(match="playlog:*", count=1000)]
            found.matches = await redis_matches(client, [name for name in names if name.startswith(MATCH)])
            found.results = await redis_results(client, [name for name in names if name.startswith(COMMAND)])
            found.progress = await redis_progress(client)
            seconds, micros = await client.time()
            found.now_ms = int(seconds) * 1000 + int(micros) // 1000
        finally:
            await client.aclose()
        return found


async def redis_matches(client: Any, names: Sequence[bytes]) -> list[RedisMatch]:
    """The snapshots under these keys."""
    found = []
    async for name, fields, expires in _read(client, "HGETALL", names):
        named = {field.decode(): value for field, value in fields.items()}
        found.append(RedisMatch(name[len(MATCH) :].decode(), named, expires))
    return found


async def redis_results(client: Any, names: Sequence[bytes]) -> list[RedisResult]:
    """The commands' results under these keys; one that has expired meanwhile is missing."""
    return [
        RedisResult(name[len(COMMAND) :].decode(), body, expires)
        async for name, body, expires in _read(client, "GET", names)
        if body is not None
    ]


async def _read(client: Any, command: str, names: Sequence[bytes]) -> AsyncIterator[tuple[bytes, Any, int | None]]:
    """Each key with its value and when it expires, Unix ms."""
    for first in range(0, len(names), PIPELINE):
        part, pipe = names[first : first + PIPELINE], client.pipeline(transaction=False)
        for name in part:
            pipe.execute_command(command, name)
            pipe.pexpiretime(name)
        answers = await pipe.execute()
        for name, value, expires in zip(part, answers[::2], answers[1::2], strict=True):
            yield name, value, expires if expires > 0 else None


async def redis_progress(client: Any) -> list[Place]:
    """Where each partition stands."""
    values = await client.mget([PROGRESS + str(number).encode() for number in range(PARTITIONS)])
    found = []
    for number, raw in enumerate(values):
        if raw is not None:
            saved = json.loads(raw)
            fence = saved["fence"] or (None, None)
            found.append(Place(number, saved["next"], fence[0], fence[1], saved["watermark"], saved["crc"]))
    return found


class Postgres:
    """All rows of the history."""

    def __init__(self) -> None:
        self.events: list[EventRow] = []
        self.matches: list[MatchRow] = []
        self.seats: list[SeatRow] = []
        self.results: list[ResultRow] = []
        self.progress: list[Place] = []

    @classmethod
    async def read(cls, url: str) -> "Postgres":
        found, connection = cls(), await asyncpg.connect(url)
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                await found._read(connection)
        finally:
            await connection.close()
        return found

    async def _read(self, connection: Any) -> None:
        ms = "(extract(epoch from {0}) * 1000)::bigint".format
        rows = await connection.fetch(
            f'SELECT match_id::text, version, ordinal, {ms("at")}, type, body::text, partition, "offset" '
            f"FROM {tables.EVENTS}"
        )
        self.events = [event_row(row) for row in rows]
        rows = await connection.fetch(
            "SELECT id::text, game, status, version, winner, ended_by, score, options::text, view::text, "
            f"{ms('created_at')}, {ms('ended_at')}, {ms('updated_at')}, partition FROM {tables.MATCHES}"
        )
        self.matches = [match_row(row) for row in rows]
        rows = await connection.fetch(f"SELECT match_id::text, seat, player::text FROM {tables.SEATS}")
        self.seats = [SeatRow(*row) for row in map(tuple, rows)]
        rows = await connection.fetch(
            f"SELECT match_id::text, version, winner, score, ended_by, {ms('ended_at')} FROM {tables.RESULTS}"
        )
        self.results = [result_row(row) for row in rows]
        rows = await connection.fetch(
            f"SELECT partition, next_offset, fence_offset, fence_id, watermark, crc FROM {tables.PROGRESS}"
        )
        self.progress = [Place(*row) for row in map(tuple, rows)]


def event_row(row: Any) -> EventRow:
    """An event as the checker knows it."""
    match, version, ordinal, ms, kind, body, partition, offset = row
    return EventRow(match, version, ordinal, ms, kind, json.loads(body), partition, offset)


def match_row(row: Any) -> MatchRow:
    """A match as the checker knows it."""
    names = ("match", "game", "status", "version", "winner", "ended_by", "score", "options", "view")
    times = ("created_ms", "ended_ms", "updated_ms", "partition")
    named = dict(zip((*names, *times), row, strict=True))
    parsed = {name: json.loads(named[name]) for name in ("options", "view")}
    return MatchRow(**{**named, **parsed, "score": list(named["score"])})


def result_row(row: Any) -> ResultRow:
    """A result as the checker knows it."""
    match, version, winner, score, ended_by, ended_ms = row
    return ResultRow(match, version, winner, list(score), ended_by, ended_ms)
