"""e. Commands that one gateway accepts durably (202 means that the log has them), at rising concurrency."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from bench import processes, raw
from bench.figures import Figure, Report, at_least
from bench.moves import VALUE
from bench.plan import Plan
from bench.quiet import no_collector
from bench.tables import Table, seated
from bench.target import Target
from infra.kafka.client import producer
from playlog.client.http import Pool, Unanswered
from playlog.quantiles import Quantiles, quantiles
from schemas.topics import PARTITIONS

BAR, P99_MS = 1000.0, 50.0


class Step(NamedTuple):
    """One level of concurrency."""

    workers: int
    per_second: float
    latency: Quantiles
    gateway_cpu: float  # seconds per 10k commands
    errors: Counter[str]


async def measure(target: Target, plan: Plan, report: Report) -> None:
    """Every level; the figure is the best one whose p99 is short enough."""
    steps = []
    for workers in plan.concurrency:
        plan.say(f"{workers} at once")
        steps.append(await _step(target, plan, workers))
    best = _best(steps)
    floor = await _floor(target, plan, best.workers)
    report.add(
        Figure(
            part="e gateway",
            what=f"202s, {best.workers} at once, p99 {best.latency.p99:.0f} ms",
            value=best.per_second,
            unit="/s",
            floor=floor,
            floor_is="produces/s",
            void=", ".join(f"{count} {kind}" for kind, count in best.errors.items()),
            **at_least(BAR, best.per_second, f">= {BAR:,.0f} at p99 <= {P99_MS:.0f} ms"),
        ),
        Figure(part="e gateway", what="its CPU per 10k commands", value=best.gateway_cpu, unit="s"),
    )
    report.details["gateway"] = [
        {**step._asdict(), "latency": step.latency._asdict(), "errors": dict(step.errors)} for step in steps
    ]


def _best(steps: list[Step]) -> Step:
    """The fastest with a short p99; where there is none, the one with the shortest."""
    good = [step for step in steps if step.latency.p99 <= P99_MS]
    if good:
        return max(good, key=lambda step: step.per_second)
    return min(steps, key=lambda step: step.latency.p99)


async def _step(target: Target, plan: Plan, workers: int) -> Step:
    pool, errors = Pool(target.url, workers), Counter[str]()
    async with seated(pool, workers) as tables:
        before = processes.cpu(target.services)
        took, seconds = await _closed_loop(
            plan,
            [lambda table=table: _one(table, errors) for table in tables],  # type: ignore[misc]
        )
        spent = processes.spent(before, processes.cpu(target.services))
    pool.close()
    latency = quantiles(1000 * one for one in took)
    if latency is None:
        raise RuntimeError(f"nothing was accepted: {dict(errors)}")
    used = spent["gateway"].both * 10_000 / len(took)
    return Step(workers, len(took) / seconds, latency, used, errors)


async def _one(table: Table, errors: Counter[str]) -> bool:
    try:
        answer = await table.send(table.next())
    except Unanswered:
        errors["unanswered"] += 1
        return False
    if answer.status != 202:
        errors[str(answer.status)] += 1
    return answer.status == 202


async def _closed_loop(plan: Plan, workers: list[Callable[[], Awaitable[bool]]]) -> tuple[list[float], float]:
    """Each worker one after the other for `step_seconds`: what the good ones took, and how long it all went."""
    took = list[float]()

    async def work(one: Callable[[], Awaitable[bool]]) -> None:
        while (start := time.perf_counter()) < until:
            if await one():
                took.append(time.perf_counter() - start)

    with no_collector():
        begun = time.perf_counter()
        until = begun + plan.step_seconds
        await asyncio.gather(*map(work, workers))
        return took, time.perf_counter() - begun


async def _floor(target: Target, plan: Plan, workers: int) -> float:
    """Produces (acks=all) a second at the same concurrency with the project's own client alone."""
    writer = producer(target.kafka)
    async with raw.fresh_topic(target) as topic:
        await writer.start()
        try:
            count = 0

            async def one() -> bool:
                nonlocal count
                count += 1
                await writer.send_and_wait(topic, VALUE, partition=count % PARTITIONS)
                return True

            took, seconds = await _closed_loop(plan, [one] * workers)
        finally:
            await writer.stop()
    return len(took) / seconds
