"""c. One engine process coming back with a long log behind it: through its checkpoints, and without them."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from bench import processes, raw
from bench.figures import Figure, Report, at_most
from bench.plan import Plan
from bench.preload import preload
from bench.target import Target
from bench.watching import LOOK_SECONDS, total_of, watch
from infra.kafka.client import admin
from infra.stack.platform import Service
from playlog.client.http import Pool
from playlog.log_reader import opened
from schemas.topics import MATCHES, PARTITIONS

ENGINE = "engine-1"
RESTORE = "c restore"
BAR = 5.0  # seconds for a million outcomes
MILLION = 1_000_000
TAIL = 30_000  # what moves leave behind a checkpoint before the next one is due, on average
READY_SECONDS = 300.0
CHECKPOINT_SECONDS = 120.0
QUICKLY = {"PLAYLOG_CHECKPOINT_SECONDS": "1", "PLAYLOG_CHECKPOINT_OUTCOMES": "1"}


async def restore(target: Target, plan: Plan, report: Report) -> None:
    """From the start of the process to readiness, with all outcomes of the log behind it."""
    engine, tail = target.own[ENGINE], min(TAIL, plan.outcomes // 10)
    await _grow(target, plan, plan.outcomes - tail)
    plan.say("writing checkpoints")
    size = await _checkpoints(engine)
    await _grow(target, plan, plan.outcomes)
    count, consumed = await raw.consume(target, MATCHES.outcomes)
    plan.say("restoring through checkpoints")
    quick = await _restart(engine)
    await _destroy_checkpoints(target)
    plan.say("restoring without them")
    slow = await _restart(engine)
    report.add(
        Figure(
            RESTORE,
            f"{count:,} outcomes: from its start to readiness",
            quick["start_to_ready_seconds"],
            "s",
            consumed,
            "raw consume",
            **_bar(count, quick["start_to_ready_seconds"]),
        ),
        Figure(
            RESTORE, "the same without checkpoints", slow["start_to_ready_seconds"], "s", consumed, "raw consume"
        ),
        Figure(
            RESTORE,
            "outcomes folded from the log",
            count / slow["restore_seconds"],
            "/s",
            count / consumed,
            "raw consume",
        ),
    )
    report.details["restore"] = {
        "outcomes": count,
        "behind_the_checkpoints": tail,
        "checkpoint_bytes": size,
        "with_checkpoints": quick,
        "without": slow,
        "raw_consume_seconds": consumed,
    }


def _bar(count: int, seconds: float) -> dict[str, Any]:
    """The bar is named for a million outcomes; a shorter log neither meets nor misses it."""
    if count < MILLION:
        return {"bar": f"<= {BAR:g} for a million"}
    return at_most(BAR, seconds)


async def _grow(target: Target, plan: Plan, outcomes: int) -> None:
    """Have an engine judge what is missing to so many outcomes."""
    async with opened(target.settings) as consumer:
        missing = outcomes - await total_of(consumer, MATCHES.outcomes)()
        if missing > 0:
            plan.say(f"{missing:,} outcomes more, to have {outcomes:,}")
            target.own[ENGINE].start()
            await preload(target, missing, seed=outcomes)
        commands = await total_of(consumer, MATCHES.commands)()
        target.own[ENGINE].start()
        await watch(total_of(consumer, MATCHES.outcomes), commands, {})


async def _checkpoints(engine: Service) -> float:
    """Have the engine write a checkpoint of every partition at once, then go on at its usual pace; their bytes."""
    with _altered(engine, QUICKLY):
        await _restart(engine)
    began = time.monotonic()
    while await _metric(engine, "playlog_checkpoints_total") < PARTITIONS:
        if time.monotonic() - began > CHECKPOINT_SECONDS:
            raise TimeoutError(f"not every partition had a checkpoint within {CHECKPOINT_SECONDS:.0f} s")
        await asyncio.sleep(LOOK_SECONDS)
    size = await _metric(engine, "playlog_checkpoint_bytes")
    await _restart(engine)
    return size


@contextmanager
def _altered(engine: Service, variables: dict[str, str]) -> Iterator[None]:
    program = engine.program
    engine.program = replace(program, environment={**program.environment, **variables})
    try:
        yield
    finally:
        engine.program = program


async def _restart(engine: Service) -> dict[str, float]:
    """Seconds until the process says that it is ready, and what of them its takeover took."""
    engine.stop()
    began = time.monotonic()
    engine.start()
    while not await asyncio.to_thread(lambda: engine.ready):
        if not engine.running or time.monotonic() - began > READY_SECONDS:
            raise TimeoutError(f"the engine was not ready within {READY_SECONDS:.0f} s")
        await asyncio.sleep(LOOK_SECONDS)
    return {
        "start_to_ready_seconds": time.monotonic() - began,
        "restore_seconds": await _metric(engine, "playlog_restore_seconds_sum"),
        "resident_mb": processes.resident_mb({ENGINE: engine.pid})[ENGINE],
    }


async def _destroy_checkpoints(target: Target) -> None:
    """As if they had never been written."""
    names = [TopicPartition(topic.name, p) for topic in MATCHES.checkpoint_topics() for p in range(PARTITIONS)]
    client = admin(target.kafka)
    await client.start()
    try:
        async with opened(target.settings) as consumer:
            found = await consumer.end_offsets(names)
        await client.delete_records({name: RecordsToDelete(end) for name, end in found.items()})
    finally:
        await client.close()


async def _metric(service: Service, name: str) -> float:
    pool = Pool(f"http://127.0.0.1:{service.port}")
    text = (await pool.request("GET", "/metrics", {})).body.decode()
    pool.close()
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))
