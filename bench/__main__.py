"""`python -m bench`: measure, print a table, keep everything as JSON in bench-results/."""

import logging
import os
import platform
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated

import orjson
import structlog
import typer
import uvloop
from rich.console import Console

from bench import engine, gateway, memory, moves, processes, reading, restore, sink, target
from bench.figures import Report, table
from bench.plan import Plan
from bench.target import Target
from infra.stack.cores import take_turns
from infra.stack.errors import StackError

RESULTS = Path(__file__).resolve().parents[1] / "bench-results"
STOLEN = 1.0  # percent of all CPUs
WIDTH = 160  # a table that is cut says nothing
Measure = Callable[[Target, Plan, Report], Awaitable[None]]

LIVE: dict[str, tuple[str, Measure]] = {  # on all services
    "m": ("memory at rest", memory.measure),
    "a": ("moves to the opponent's stream", moves.measure),
    "e": ("the gateway's accepted commands", gateway.measure),
}
LOG: dict[str, tuple[str, Measure]] = {  # on a log of their own, each with what the one before has left
    "b": ("one engine drains a backlog", engine.drain),
    "c": ("one engine restores a log", restore.restore),
    "d": ("the history sink", sink.measure),
    "f": ("reading the log", reading.measure),
}


def bench(
    only: Annotated[str, typer.Option(help="Parts by their letters, as in a,b.")] = "m,a,e,b,c,d,f",
    short: Annotated[bool, typer.Option("--short", help="Rougher, in two minutes.")] = False,
    home: Annotated[
        Path | None, typer.Option(help="Measure m, a and e on the stack that runs on this home.")
    ] = None,
    poisson: Annotated[
        bool, typer.Option("--poisson", help="Moves at random moments instead of even ones.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 1 where a bar is not met.")] = False,
) -> None:
    """Measure Playlog on this machine; every figure stands beside its floor, taken in the same run."""
    console, report = Console(stderr=True), Report()
    chosen = {letter.strip() for letter in only.split(",")}
    if unknown := chosen - {*LIVE, *LOG}:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: not a part", param_hint="--only")
    plan = Plan(say=lambda text: console.print(f"[dim]{time.strftime('%H:%M:%S')}   {text}[/]"), poisson=poisson)
    plan = plan.short() if short else plan
    began = time.monotonic()
    take_turns()
    try:
        if home is None or chosen & {*LOG}:
            target.warm(plan.say)
        with _live(home) if chosen & {*LIVE} else nullcontext() as live:
            _run(LIVE, chosen, live, plan, report, console)
        with target.own(set()) if chosen & {*LOG} else nullcontext() as own:
            _run(LOG, chosen, own, plan, report, console)
    except StackError as error:
        console.print(f"[red]✗[/] {error}")
        raise typer.Exit(1) from None
    finally:
        if report.figures:
            _publish(report, short, time.monotonic() - began, console)
    if strict and report.missed:
        raise typer.Exit(1)


def _live(home: Path | None) -> AbstractContextManager[Target]:
    return target.own() if home is None else nullcontext(target.running(home))


def _run(
    parts: dict[str, tuple[str, Measure]],
    chosen: set[str],
    measured: Target | None,
    plan: Plan,
    report: Report,
    console: Console,
) -> None:
    for letter, (what, measure) in parts.items():
        if letter in chosen and measured is not None:
            console.print(f"{letter}  {what}")
            before = processes.machine()
            uvloop.run(_awaited(measure(measured, plan, report)))
            stolen = processes.machine().stolen_since(before)
            report.details.setdefault("stolen_percent", {})[letter] = stolen
            if stolen > STOLEN:
                plan.say(f"the host took {stolen:.1f} % of the CPU meanwhile, and the figures are worse for it")


async def _awaited(work: Awaitable[None]) -> None:
    await work


def _publish(report: Report, short: bool, seconds: float, console: Console) -> None:
    """The table on stdout, everything in a file."""
    RESULTS.mkdir(exist_ok=True)
    document = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "short": short,
        "seconds": round(seconds, 1),
        "machine": _machine(),
        "figures": [figure.document() for figure in report.figures],
        "details": report.details,
    }
    path = RESULTS / f"{time.strftime('%Y%m%dT%H%M%S')}.json"
    path.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    shown = Console()
    shown.width = max(shown.width, WIDTH)
    shown.print(table(report.figures))
    console.print(f"{seconds:.0f} s; everything that was seen: {path}", soft_wrap=True)


def _machine() -> dict[str, object]:
    load = os.getloadavg()[0]
    return {
        "cores": os.cpu_count(),
        "load_at_the_end": load,
        "system": platform.platform(),
        "python": sys.version.split()[0],
    }


if __name__ == "__main__":
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it tells of every leader it waits for
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(bench)
    app()
