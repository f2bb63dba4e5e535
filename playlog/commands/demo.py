"""`playlog demo`: two scripted guests play over HTTP and SSE, check all they see, and tell how fast it was."""

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from random import Random
from typing import Annotated, Any

import orjson
import typer
import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from playlog import where
from playlog.client.duel import Duel, Latencies
from playlog.client.http import Pool, Unanswered
from playlog.client.player import Failed, Player
from playlog.client.script import BEATS
from playlog.client.stream import Refused
from playlog.client.watch import Disagreement
from playlog.quantiles import quantiles
from schemas.games import CATALOGUE

ROWS = {
    "answer": "throw to its answer (Prefer: wait)",
    "own": "throw to the own event",
    "opponent": "throw to the opponent's event",
}
TROUBLE = (Failed, Refused, Unanswered, Disagreement, TimeoutError)


@dataclass
class Played:
    """What a demo did."""

    matches: list[str]
    latencies: Latencies
    seconds: float


def demo(
    matches: Annotated[int, typer.Option("--matches", "-n", min=1, help="How many matches they play.")] = 20,
    game: Annotated[str, typer.Option(help=f"One of {', '.join(sorted(BEATS))}.")] = "rps",
    url: Annotated[str | None, typer.Option(help="The gateway; by default the running stack's.")] = None,
    seed: Annotated[int, typer.Option(help="Chooses their throws.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Let two scripted guests play matches over HTTP and SSE; every view they get is checked.

    Prints how long a throw took to its answer, to the thrower's own event stream and to the opponent's, and where
    to look next. Exit code 1: something was refused, lost or not as the rules say.
    """
    if game not in BEATS:
        raise typer.BadParameter(f"choose one of {', '.join(sorted(BEATS))}", param_hint="--game")
    address = where.gateway(url)
    try:
        played = run(address, game, matches, seed)
    except (*TROUBLE, ExceptionGroup) as error:
        if not all(isinstance(leaf, TROUBLE) for leaf in leaves(error)):
            raise  # our own bug: with its traceback
        typer.echo(f"The demo failed: {words(error)}.", err=True)
        raise typer.Exit(1) from None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--url") from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    if as_json:
        typer.echo(orjson.dumps(document(address, game, played), option=orjson.OPT_INDENT_2).decode())
    else:
        show(address, played, Console())


def leaves(error: BaseException) -> list[BaseException]:
    """The errors inside nested groups, or the one error."""
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    return [leaf for inner in error.exceptions for leaf in leaves(inner)]


def words(error: BaseException) -> str:
    """What went wrong first."""
    first = leaves(error)[0]
    return str(first) or type(first).__name__


def run(address: str, game: str, matches: int, seed: int) -> Played:
    """Play with a bar on stderr, where that is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("Matches", total=matches)
        return uvloop.run(_play(address, game, matches, Random(seed), lambda: bar.advance(task)))


async def _play(address: str, game: str, matches: int, random: Random, ended: Callable[[], None]) -> Played:
    pool, latencies, found = Pool(address), Latencies(), list[str]()
    began = time.perf_counter()
    try:
        ann, bob = await asyncio.gather(Player.guest(pool), Player.guest(pool))
        for _ in range(matches):
            duel = Duel((ann, bob), latencies)
            found.append(await duel.play(game, CATALOGUE[game].best_of, random))
            ended()
    finally:
        pool.close()
    return Played(found, latencies, time.perf_counter() - began)


def document(address: str, game: str, played: Played) -> dict[str, Any]:
    """The report for machines; latencies in milliseconds."""
    measured = {
        name: quantiles(1000 * value for value in values) for name, values in asdict(played.latencies).items()
    }
    return {
        "gateway": address,
        "game": game,
        "matches": played.matches,
        "throws": len(played.latencies.answer),
        "seconds": round(played.seconds, 3),
        "latencies_ms": {name: found and found._asdict() for name, found in measured.items()},
        "look": looking(address, played),
    }


def looking(address: str, played: Played) -> dict[str, str]:
    """Where to look next, by what is to be seen there."""
    last = played.matches[-1]
    return {
        "the last match in the browser": f"{address}/m/{last}",
        "its history, from PostgreSQL": f"{address}/history/{last}",
        "its outcomes, from the log": f"playlog replay --match {last}",
        "the log, judged again": "playlog verify",
        "processes and lag": "playlog status",
        "the interface": f"{address}/docs",
    }


def show(address: str, played: Played, console: Console) -> None:
    """The report for people."""
    throws = len(played.latencies.answer)
    console.print(
        f"{len(played.matches)} matches, {throws} throws in {played.seconds:.1f} s, one after the other; "
        "every view was as the rules say."
    )
    table = Table("milliseconds", *(f"[right]{name}" for name in ("p50", "p90", "p99", "max")), box=None)
    for name, values in asdict(played.latencies).items():
        found = quantiles(1000 * value for value in values)
        if found is not None:
            table.add_row(ROWS[name], *(f"{value:.1f}" for value in found[1:]))
    console.print(table)
    console.print("Look next:")
    for what, place in looking(address, played).items():
        console.print(f"  {what + ':':<32} {place}", soft_wrap=True)
