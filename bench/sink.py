"""d. The history sink from an empty database to the end of the log, beside a plain COPY of the same rows."""

import tempfile
import time
from pathlib import Path
from typing import Any

from bench import processes
from bench.figures import Figure, Report, at_least
from bench.plan import Plan
from bench.target import Target
from bench.watching import total_of, watch
from infra.postgres import connect
from playlog.log_reader import opened
from schemas import tables
from schemas.topics import MATCHES

SINK = "history"
BAR = 0.5
COPIED = {"events": tables.EVENTS, "matches": tables.MATCHES, "seats": tables.SEATS, "results": tables.RESULTS}
COPY_MS = 600_000


async def measure(target: Target, plan: Plan, report: Report) -> None:
    """Rows of all tables a second."""
    plan.say("the sink")
    sink = target.own[SINK]
    connection: Any = await connect(target.postgres_url, "bench", statement_ms=COPY_MS, command_timeout=None)
    try:
        async with opened(target.settings) as consumer:
            outcomes = await total_of(consumer, MATCHES.outcomes)()

        async def stored() -> int:
            return int(await connection.fetchval(f"SELECT coalesce(sum(next_offset), 0) FROM {tables.PROGRESS}"))

        sink.start()
        work = await watch(stored, outcomes, {SINK: sink.pid, **target.stores})
        sink.stop()
        plan.say("the same rows by COPY")
        rows, copied = await _copy(connection)
    finally:
        await connection.close()
    share = work.done / outcomes
    rate, floor = rows * share / work.seconds, rows / copied
    report.add(
        Figure(
            part="d sink",
            what=f"{rows:,} rows of {outcomes:,} outcomes",
            value=rate,
            unit="rows/s",
            floor=floor,
            floor_is="COPY",
            **at_least(BAR, rate / floor, f">= {BAR:g}x COPY"),
        )
    )
    report.details["sink"] = {
        "outcomes_per_second": work.rate,
        "seconds": work.seconds,
        "copy_seconds": copied,
        "cpu_seconds_per_100k_outcomes": {n: used.both * 100_000 / work.done for n, used in work.cpu.items()},
        "resident_mb": processes.resident_mb(target.stores),
    }


async def _copy(connection: Any) -> tuple[int, float]:
    """Rows copied into empty tables of the same shape, indexes included, and in how many seconds."""
    rows, seconds = 0, 0.0
    await connection.execute("DROP SCHEMA IF EXISTS bench CASCADE; CREATE SCHEMA bench")
    with tempfile.TemporaryDirectory(prefix="playlog-bench-") as folder:
        for name, table in COPIED.items():
            await connection.execute(f"CREATE TABLE bench.{name} (LIKE {table} INCLUDING ALL)")
            file = Path(folder) / name
            await connection.copy_from_table(name, schema_name=tables.SCHEMA, output=file, format="binary")
            began = time.perf_counter()
            done = await connection.copy_to_table(name, schema_name="bench", source=file, format="binary")
            seconds += time.perf_counter() - began
            rows += int(done.removeprefix("COPY "))
    await connection.execute("DROP SCHEMA bench CASCADE")
    return rows, seconds
