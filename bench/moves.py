"""a. From a move's intended moment to the opponent's event, at fixed rates, open loop; CPU by process."""

import asyncio
import time
from collections import Counter
from random import Random
from typing import Any

from bench import processes, raw
from bench.figures import Figure, Report, at_most
from bench.pace import constant, open_loop, poisson, void
from bench.plan import Plan
from bench.tables import Table, seated
from bench.target import Target
from playlog.client.http import Pool, Unanswered
from playlog.client.script import Step
from playlog.quantiles import Quantiles, quantiles

RATES = (50, 200, 1000)
BARS = {200: (4.0, 25.0), 1000: (None, 60.0)}  # p50 in floors, p99 in milliseconds
APART = 0.5  # seconds between two moves of one match: its next one waits for the answer of the one before
FEWEST = 16
TAIL_SECONDS = 20.0
VALUE = b"x" * 500  # what a command record carries
CONNECTIONS = 1024  # players do not share theirs: where moves wait for one, the load follows the system's pace


class Load:
    """Sends the moves of a schedule over many matches in turn and notes when each opponent saw them."""

    def __init__(self, warm: int) -> None:
        self.answers: list[float] = []
        self.own: list[float] = []
        self.opponent: list[float] = []
        self.errors: Counter[str] = Counter()
        self.warm = warm
        self._tasks: set[asyncio.Task[None]] = set()
        self._unseen = 0

    def arrived(self, table: Table, seat: int, version: int) -> None:
        """A stream brought a view: every move up to its version has been seen from this seat."""
        now, waiting = time.perf_counter(), table.waiting[seat]
        while waiting and waiting[0][0] <= version:
            _, mover, intended = waiting.popleft()
            if mover != seat:
                self._unseen -= 1
            if intended:
                (self.own if mover == seat else self.opponent).append(now - intended)

    def begin(self, table: Table, index: int, intended: float) -> None:
        """Send the match's next move."""
        step, counted = table.next(), intended if index >= self.warm else 0.0
        for waiting in table.waiting:
            waiting.append((step.version, step.seat, counted))
        self._unseen += 1
        task = asyncio.create_task(self._send(table, step, counted))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, table: Table, step: Step, intended: float) -> None:
        try:
            answer = await table.send(step)
        except Unanswered:
            self.errors["unanswered"] += 1
            return
        if answer.status != 202:
            self.errors[str(answer.status)] += 1
        elif intended:
            self.answers.append(time.perf_counter() - intended)

    async def settle(self) -> None:
        """Wait until every move was answered and seen, TAIL_SECONDS at most."""
        deadline = time.monotonic() + TAIL_SECONDS
        while (self._tasks or self._unseen) and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        self.errors["unseen"] += self._unseen


async def measure(target: Target, plan: Plan, report: Report) -> None:
    """Every rate beside the floor at the same rate."""
    for rate in RATES:
        plan.say(f"{rate} moves/s")
        await _at(target, plan, rate, report)


async def _at(target: Target, plan: Plan, rate: int, report: Report) -> None:
    warm = int(rate * plan.warm_seconds)
    seconds = plan.warm_seconds + plan.load_seconds
    schedule = poisson(rate, seconds, Random(rate)) if plan.poisson else constant(rate, seconds)
    floor = await raw.produce_to_consume(target, schedule, VALUE, warm)
    load, pool = Load(warm), Pool(target.url, CONNECTIONS)
    try:
        async with seated(pool, max(FEWEST, int(rate * APART)), load.arrived) as tables:
            before, began = _cpu(target), time.monotonic()
            slips = await open_loop(
                schedule, lambda index, intended: load.begin(tables[index % len(tables)], index, intended)
            )
            await load.settle()
            spent = processes.spent(before, _cpu(target))
            elapsed = time.monotonic() - began
    finally:
        pool.close()
    cpu = {name: used.both * 10_000 / len(schedule) for name, used in spent.items()}
    seen = quantiles(1000 * value for value in load.opponent)
    if seen is None:
        raise RuntimeError(f"no move was seen: {dict(load.errors)}")
    reason = void(slips[warm:]) or void(floor.slips) or _lost(load)
    report.add(*_figures(rate, seen, floor.latency, cpu, reason))
    report.details[f"moves at {rate}/s"] = {
        "matches": len(tables),
        "moves": len(schedule),
        "seconds": elapsed,
        "errors": dict(+load.errors),
        "arrivals": "poisson" if plan.poisson else "constant",
        "to_opponent_ms": seen._asdict(),
        "to_own_ms": _ms(load.own),
        "to_202_ms": _ms(load.answers),
        "floor_ms": floor.latency._asdict(),
        "slip_ms": _ms(slips[warm:]),
        "floor_slip_ms": _ms(floor.slips),
        "cpu_seconds_per_10k_moves": cpu,
    }


def _cpu(target: Target) -> dict[str, processes.Cpu]:
    return {**processes.cpu(target.pids), "load": processes.own_cpu()}


def _lost(load: Load) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in (+load.errors).items())


def _ms(values: list[float]) -> dict[str, Any] | None:
    found = quantiles(1000 * value for value in values)
    return found and found._asdict()


def _figures(rate: int, seen: Quantiles, floor: Quantiles, cpu: dict[str, float], reason: str) -> list[Figure]:
    floors, limit = BARS.get(rate, (None, None))
    p50 = at_most(floors, seen.p50 / floor.p50, f"<= {floors:g}x floor") if floors else {}
    p99 = at_most(limit, seen.p99) if limit else {}
    system = sum(used for name, used in cpu.items() if name != "load")
    common: dict[str, Any] = {"part": "a moves", "void": reason}
    return [
        Figure(what=f"{rate}/s to opponent, p50", value=seen.p50, unit="ms", floor=floor.p50, **common, **p50),
        Figure(what=f"{rate}/s to opponent, p99", value=seen.p99, unit="ms", floor=floor.p99, **common, **p99),
        Figure(what=f"{rate}/s, all CPU per 10k moves", value=system, unit="s", **common),
    ]
