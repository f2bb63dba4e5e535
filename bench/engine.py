"""b, c. One engine process: draining a backlog of real commands, and coming back with a long log behind it."""

import asyncio
import time
from typing import Any

from bench import processes, raw
from bench.figures import Figure, Report, at_least, at_most
from bench.plan import Plan
from bench.preload import preload
from bench.target import Target
from bench.watching import LOOK_SECONDS, Work, total_of, watch
from engine_worker.judge import State
from engine_worker.owner import Owner
from infra.stack.platform import Service
from playlog.client.http import Pool
from playlog.log_reader import batches, ends, opened
from schemas.log import Fence
from schemas.topics import MATCHES, PARTITIONS

ENGINE = "engine-1"
DRAIN, RESTORE, LOOP = "b drain", "c restore", "bare loop"
RATE_BAR, CPU_BAR = 50_000.0, 1.8
RESTORE_BAR = 5.0  # seconds for a million outcomes
MILLION = 1_000_000
READY_SECONDS = 300.0
LOOP_COMMANDS = 100_000


async def drain(target: Target, plan: Plan, report: Report) -> None:
    """Commands a second from the first outcome to the last; the floor is the same judging without Kafka."""
    plan.say(f"preloading {plan.commands:,} commands")
    await preload(target, plan.commands)
    plan.say("the bare loop")
    (loop, loop_cpu), read = await _bare_loop(target), await raw.consume(target, MATCHES.commands)
    plan.say("draining")
    work = await _drained(target)
    used = work.cpu[ENGINE]
    cpu = used.both * 100_000 / work.done
    report.add(
        Figure(
            DRAIN,
            f"{work.done:,} commands, one engine",
            work.rate,
            "/s",
            loop,
            LOOP,
            **at_least(RATE_BAR, work.rate),
        ),
        Figure(DRAIN, "its CPU per 100k commands", cpu, "s", loop_cpu, LOOP, **at_most(CPU_BAR, cpu)),
    )
    report.details["drain"] = {
        "commands": work.done,
        "seconds": work.seconds,
        "user_seconds_per_100k": used.user * 100_000 / work.done,
        "system_seconds_per_100k": used.system * 100_000 / work.done,
        "kafka_seconds_per_100k": work.cpu["kafka"].both * 100_000 / work.done,
        "bare_loop_per_second": loop,
        "bare_loop_cpu_seconds_per_100k": loop_cpu,
        "raw_consume_of_commands_per_second": read[0] / read[1],
    }


async def _drained(target: Target) -> Work:
    """Start the engine and wait until every command has its outcome."""
    engine = target.own[ENGINE]
    async with opened(target.settings) as consumer:
        commands = await total_of(consumer, MATCHES.commands)()
        total = total_of(consumer, MATCHES.outcomes)
        fences = PARTITIONS  # one each: this engine is alone, and takes all partitions over once

        async def outcomes() -> int:
            return max(0, await total() - fences)

        engine.start()
        return await watch(outcomes, commands, {ENGINE: engine.pid, **target.stores})


async def restore(target: Target, plan: Plan, report: Report) -> None:
    """From the start of the process to readiness, with all outcomes of the log to fold first."""
    engine = target.own[ENGINE]
    async with opened(target.settings) as consumer:
        missing = plan.outcomes - await total_of(consumer, MATCHES.outcomes)()
    if missing > 0:
        plan.say(f"{missing:,} outcomes more, to have {plan.outcomes:,}")
        await _more(target, missing)
    engine.stop()
    plan.say("restoring")
    seconds = await _start(engine)
    own = await _metric(engine, "playlog_restore_seconds_sum")
    count, consumed = await raw.consume(target, MATCHES.outcomes)
    rate, floor = count / own, count / consumed
    report.add(
        Figure(RESTORE, f"{count:,} outcomes, one engine", rate, "/s", floor, "raw consume"),
        Figure(
            RESTORE,
            "from its start to readiness",
            seconds,
            "s",
            consumed,
            "raw consume",
            **_bar(count, seconds),
        ),
    )
    report.details["restore"] = {
        "outcomes": count,
        "start_to_ready_seconds": seconds,
        "restore_seconds": own,
        "raw_consume_seconds": consumed,
        "resident_mb": processes.resident_mb({ENGINE: engine.pid})[ENGINE],
    }


def _bar(count: int, seconds: float) -> dict[str, Any]:
    """The bar is named for a million outcomes; a shorter log neither meets nor misses it."""
    if count < MILLION:
        return {"bar": f"<= {RESTORE_BAR:g} for a million"}
    return at_most(RESTORE_BAR, seconds)


async def _more(target: Target, count: int) -> None:
    engine = target.own[ENGINE]
    if not engine.running:
        engine.start()
    await preload(target, count, seed=2)
    async with opened(target.settings) as consumer:
        commands = await total_of(consumer, MATCHES.commands)()
        await watch(total_of(consumer, MATCHES.outcomes), commands, {})


async def _start(engine: Service) -> float:
    """Seconds until the process says that it is ready."""
    began = time.monotonic()
    engine.start()
    while not await asyncio.to_thread(lambda: engine.ready):
        if not engine.running or time.monotonic() - began > READY_SECONDS:
            raise TimeoutError(f"the engine was not ready within {READY_SECONDS:.0f} s")
        await asyncio.sleep(LOOK_SECONDS)
    return time.monotonic() - began


async def _metric(service: Service, name: str) -> float:
    pool = Pool(f"http://127.0.0.1:{service.port}")
    text = (await pool.request("GET", "/metrics", {})).body.decode()
    pool.close()
    return next(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))


async def _bare_loop(target: Target) -> tuple[float, float]:
    """Commands in memory decoded, judged, encoded and folded, and nothing else: a second, and CPU s per 100k."""
    held: dict[int, list[Any]] = {}
    async with opened(target.settings) as consumer:
        until = await ends(consumer, MATCHES.commands, range(PARTITIONS))
        share = {partition: min(end, LOOP_COMMANDS // PARTITIONS) for partition, end in until.items()}
        async for partition, records in batches(consumer, MATCHES.commands, share):
            held.setdefault(partition, []).extend(records)
    count, began, cpu = sum(map(len, held.values())), time.perf_counter(), time.process_time()
    for partition, lines in held.items():
        owner = Owner(partition, Fence(0, ""), State(), -1, lambda _: True)
        for line in lines:
            owner.take(line.offset, line.timestamp, line.key, line.value, line.headers)
    return count / (time.perf_counter() - began), (time.process_time() - cpu) * 100_000 / count
