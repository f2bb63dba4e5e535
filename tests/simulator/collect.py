"""The evidence of a run from the simulation's own stores, and a naive look at a log while it is being written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from schemas import keys
from schemas.topics import MATCHES
from tests.proof.evidence import (
    Circumstances,
    EventRow,
    Evidence,
    MatchRow,
    Place,
    Record,
    RedisMatch,
    RedisResult,
    ResultRow,
    SeatRow,
)
from tests.simulator import redis
from tests.simulator.broker import Line
from tests.simulator.services import Stack


@dataclass
class Log:
    """What counts in a partition of outcomes: the last command and the matches' deadlines."""

    watermark: int = -1
    deadlines: dict[str, int] = field(default_factory=dict)


def read(lines: Sequence[Line]) -> Log:
    """The reader rule once more, from raw headers."""
    log, fence = Log(), b""
    for line in lines:
        named = dict(line.headers)
        if named.get("ce_type") == b"org.playlog.log.fence.v1":
            fence = b"%d:%b" % (line.offset, named["ce_id"])
        elif named.get("playlog-fence") == fence and _follows(log, named):
            log.watermark = int(named["playlog-cause"])
            _deadline(log, line)
    return log


def _follows(log: Log, named: dict[str, bytes]) -> bool:
    return int(named["playlog-after"]) == log.watermark < int(named["playlog-cause"])


def _deadline(log: Log, line: Line) -> None:
    outcome = orjson.loads(line.value)
    if outcome["events"]:
        match = (line.key or b"").decode()
        log.deadlines.pop(match, None)
        if outcome["deadline"] is not None:
            log.deadlines[match] = outcome["deadline"]


def session_next(stack: Stack, partition: int) -> int:
    """How far Redis has read a partition; -1 while it is rebuilt."""
    raw = stack.redis.string(keys.progress(partition))
    saved = orjson.loads(raw) if raw else {"rebuild": ""}
    return -1 if "rebuild" in saved else int(saved["next"])


def evidence(run: Any) -> Evidence:
    """Everything that a run has left behind."""
    stack: Stack = run.stack
    server = stack.redis
    return Evidence(
        circumstances=_circumstances(run),
        history=None if stack.broker.life else run.history.events,  # a cut tail was acknowledged
        commands=[*_records(stack, MATCHES.commands)],
        outcomes=[*_records(stack, MATCHES.outcomes)],
        redis_matches=[*_redis_matches(server)],
        redis_results=[*_redis_results(server)],
        redis_progress=[*_redis_progress(stack)],
        redis_writes=None if server.emptied_ms or stack.broker.life else server.writes,
        connections=run.history.connections,
        sends=None if stack.broker.life else stack.sends,
        readings=None if stack.broker.life else stack.readings,
        faults=run.faults.done,
        sentinels=None,
        **_tables(stack),
    )


def _circumstances(run: Any) -> Circumstances:
    stack = run.stack
    return Circumstances(
        partitions=stack.broker.partitions,
        redis_ms=run.world.wall_ms,
        label=f"seed {run.world.seed}",
    )


def _records(stack: Stack, topic: str) -> Iterator[Record]:
    for partition in range(stack.broker.partitions):
        for line in stack.broker.logs[topic, partition]:
            yield Record(partition, line.offset, line.timestamp, line.key, line.value, line.headers)


def _redis_matches(server: redis.Server) -> Iterator[RedisMatch]:
    for key in [*server.hashes]:
        if fields := server.hash(key):
            yield RedisMatch(key.removeprefix(keys.match("")), fields, round(server.hashes[key][1]))


def _redis_results(server: redis.Server) -> Iterator[RedisResult]:
    prefix = keys.command("")
    for key in [*server.strings]:
        if key.startswith(prefix) and (body := server.string(key)) is not None:
            yield RedisResult(key.removeprefix(prefix), body, round(server.strings[key][1]))


def _redis_progress(stack: Stack) -> Iterator[Place]:
    for partition in range(stack.broker.partitions):
        if raw := stack.redis.string(keys.progress(partition)):
            saved = orjson.loads(raw)
            offset, name = saved["fence"] or (None, None)
            yield Place(partition, saved["next"], offset, name, saved["watermark"], saved["crc"])


def _tables(stack: Stack) -> dict[str, Any]:
    server = stack.postgres
    return {
        "events": [
            EventRow(match, version, ordinal, _ms(at), kind, orjson.loads(body), partition, offset)
            for match, version, ordinal, at, kind, body, partition, offset in server.events
        ],
        "matches": [_match(row) for row in server.matches.values()],
        "seats": [SeatRow(match, seat, player) for (match, seat), player in server.seats.items()],
        "results": [ResultRow(m, v, w, _array(s), by, _ms(at)) for m, v, w, s, by, at in server.results],
        "postgres_progress": [
            Place(p, row["next_offset"], row["fence_offset"], row["fence_id"], row["watermark"], row["crc"])
            for p, row in server.progress.items()
        ],
    }


def _match(row: dict[str, Any]) -> MatchRow:
    return MatchRow(
        match=row["id"],
        game=row["game"],
        status=row["status"],
        version=row["version"],
        winner=row["winner"],
        ended_by=row["ended_by"],
        score=_array(row["score"]),
        options=orjson.loads(row["options"]),
        view=orjson.loads(row["view"]),
        created_ms=_ms(row["created_at"]),
        ended_ms=None if row["ended_at"] is None else _ms(row["ended_at"]),
        updated_ms=_ms(row["updated_at"]),
        partition=row["partition"],
    )


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _array(text: str) -> list[int]:
    return [int(number) for number in text.strip("{}").split(",") if number]
