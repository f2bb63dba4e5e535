"""One partition of a long run before the independent checker, in a process of its own."""

import asyncio
import gc
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
from aiokafka import TopicPartition

from schemas import tables
from schemas.topics import MATCHES, PARTITIONS
from tests.faults import collect
from tests.proof.case import Case
from tests.proof.checker import check
from tests.proof.evidence import Circumstances, Evidence, Fault, Record, SeatRow
from tests.proof.report import Verdict
from tests.proof.saved import save
from tests.soak.parts import Parts
from tests.soak.pauses import Pauses, Struck

SQL_SECONDS = 300.0


class Task(NamedTuple):
    """What to examine, and where it lies. folder: of the parts; saved: where evidence goes that violates."""

    partition: int
    folder: Path
    saved: Path
    kafka: str
    postgres: str
    circumstances: Circumstances
    faults: list[Fault]
    struck: list[Struck]


@dataclass
class Examined:
    """Counts of one partition. lost: commands without an outcome; doubled: commands that counted twice."""

    partition: int
    verdict: Verdict
    commands: int = 0
    accepted: int = 0
    lost: int = 0
    doubled: int = 0
    ignored: int = 0
    fences: int = 0
    pauses: Pauses = field(default_factory=Pauses)


def examine(task: Task) -> Examined:
    """The verdict and the figures; evidence that violates something is saved as the checker's own folder."""
    gc.disable()  # millions of values that all stay: half of the time would go into looking for rings
    evidence = asyncio.run(_collected(task))
    verdict = check(evidence)
    if verdict.violated:
        save(evidence, task.saved / f"{task.partition:02d}")
    found = Examined(task.partition, verdict)
    count(found, evidence, task.struck)
    gc.collect()  # where the next part has the same process
    return found


async def _collected(task: Task) -> Evidence:
    evidence = Parts(task.folder).load(task.partition)
    evidence.circumstances, evidence.faults = task.circumstances, task.faults
    evidence.commands = await Part(task.kafka, MATCHES.commands, task.partition).read()
    evidence.outcomes = await Part(task.kafka, MATCHES.outcomes, task.partition).read()
    await _rows(evidence, task.postgres, task.partition)
    return evidence


class Part(collect.Dump):
    """One partition of a topic."""

    def __init__(self, servers: str, topic: str, partition: int) -> None:
        super().__init__(servers, topic)
        self._places = [TopicPartition(topic, partition)]


async def _rows(evidence: Evidence, url: str, partition: int) -> None:
    """This partition's rows; seats and results by their match's."""
    connection: Any = await asyncpg.connect(url, command_timeout=SQL_SECONDS)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            rows = await connection.fetch(
                f'SELECT match_id::text, version, ordinal, {_ms("at")}, type, body::text, partition, "offset" '
                f"FROM {tables.EVENTS} WHERE partition = $1",
                partition,
            )
            evidence.events = [collect.event_row(row) for row in rows]
            rows = await connection.fetch(
                "SELECT id::text, game, status, version, winner, ended_by, score, options::text, view::text, "
                f"{_ms('created_at')}, {_ms('ended_at')}, {_ms('updated_at')}, partition FROM {tables.MATCHES} "
                "WHERE partition = $1",
                partition,
            )
            evidence.matches = [collect.match_row(row) for row in rows]
            ours = f"JOIN {tables.MATCHES} m ON m.id = r.match_id WHERE m.partition = $1"
            rows = await connection.fetch(
                f"SELECT r.match_id::text, r.seat, r.player::text FROM {tables.SEATS} r {ours}", partition
            )
            evidence.seats = [SeatRow(*row) for row in map(tuple, rows)]
            rows = await connection.fetch(
                f"SELECT r.match_id::text, r.version, r.winner, r.score, r.ended_by, {_ms('r.ended_at')} "
                f"FROM {tables.RESULTS} r {ours}",
                partition,
            )
            evidence.results = [collect.result_row(row) for row in rows]
    finally:
        await connection.close()


def _ms(column: str) -> str:
    return f"(extract(epoch from {column}) * 1000)::bigint"


async def strays(url: str) -> int:
    """Rows that no partition's share has: of another partition, or of no match."""
    connection: Any = await asyncpg.connect(url, command_timeout=SQL_SECONDS)
    try:
        found = 0
        for table in (tables.EVENTS, tables.MATCHES):
            found += await connection.fetchval(
                f"SELECT count(*) FROM {table} WHERE partition NOT BETWEEN 0 AND {PARTITIONS - 1}"
            )
        for table in (tables.SEATS, tables.RESULTS):
            found += await connection.fetchval(
                f"SELECT count(*) FROM {table} r LEFT JOIN {tables.MATCHES} m ON m.id = r.match_id "
                "WHERE m.id IS NULL"
            )
        return int(found)
    finally:
        await connection.close()


def count(found: Examined, evidence: Evidence, struck: Sequence[Struck]) -> None:
    """Figures from both logs, read by the checker's own rule."""
    case = Case(evidence)
    commands: list[Record] = case.commands.get(found.partition, [])
    found.commands = len(commands)
    if found.partition not in case.read:
        found.lost = len(commands)
        return
    seen = case.read[found.partition]
    found.accepted, found.ignored, found.fences = len(seen.accepted), len(seen.skipped), len(seen.fences)
    found.lost = len(commands) - len({outcome.cause for outcome in seen.accepted})
    for outcome in seen.accepted:
        if outcome.cause < len(commands):
            found.pauses.add(commands[outcome.cause].timestamp, outcome.record.timestamp, struck)
    for outcomes in case.by_command.values():
        counted = [one for one in outcomes if one.value["events"] and one.value["duplicate_of"] is None]
        found.doubled += max(0, len(counted) - 1)
