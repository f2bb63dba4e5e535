"""b. One engine process draining a backlog of real commands."""

import time
from collections import deque
from typing import Any

from bench import counting, raw
from bench.figures import Figure, Report, at_least, at_most
from bench.plan import Plan
from bench.preload import preload
from bench.quiet import no_collector
from bench.target import Target
from bench.watching import Work, total_of, watch
from engine_worker.judge import State
from engine_worker.owner import Owner
from playlog.log_reader import batches, ends, opened
from schemas.log import Fence
from schemas.topics import MATCHES, PARTITIONS

ENGINE = "engine-1"
DRAIN, COUNT = "b drain", "counting"
RATE_BAR, CPU_BAR = 50_000.0, 1.8
LOOP_COMMANDS = 100_000


async def drain(target: Target, plan: Plan, report: Report) -> None:
    """Commands a second from the first outcome to the last; the floor is a worker that only counts by key."""
    plan.say(f"preloading {plan.commands:,} commands")
    await preload(target, plan.commands)
    plan.say("counting them by key")
    floor = await counting.drain(target)
    plan.say("judging in memory")
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
            floor.rate,
            COUNT,
            **at_least(RATE_BAR, work.rate),
        ),
        Figure(DRAIN, "its CPU per 100k commands", cpu, "s", floor.cpu, COUNT, **at_most(CPU_BAR, cpu)),
        Figure(DRAIN, "of it decode, judge, encode, fold", loop_cpu, "s"),
    )
    report.details["drain"] = {
        "commands": work.done,
        "seconds": work.seconds,
        "user_seconds_per_100k": used.user * 100_000 / work.done,
        "system_seconds_per_100k": used.system * 100_000 / work.done,
        "kafka_seconds_per_100k": work.cpu["kafka"].both * 100_000 / work.done,
        "counting_per_second": floor.rate,
        "counting_cpu_seconds_per_100k": floor.cpu,
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


async def _bare_loop(target: Target) -> tuple[float, float]:
    """Commands in memory decoded, judged, encoded and folded, and nothing else: a second, and CPU s per 100k."""
    held: dict[int, list[Any]] = {}
    async with opened(target.settings) as consumer:
        until = await ends(consumer, MATCHES.commands, range(PARTITIONS))
        share = {partition: min(end, LOOP_COMMANDS // PARTITIONS) for partition, end in until.items()}
        async for partition, records in batches(consumer, MATCHES.commands, share):
            held.setdefault(partition, []).extend(records)
    count = sum(map(len, held.values()))
    with no_collector():
        began, cpu = time.perf_counter(), time.process_time()
        for partition, lines in held.items():
            owner = Owner(partition, Fence(0, ""), State(), -1, lambda _: True)
            deque(owner.take_all(lines), maxlen=0)
        return count / (time.perf_counter() - began), (time.process_time() - cpu) * 100_000 / count
