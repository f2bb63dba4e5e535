"""`playlog verify`: judges the log's commands again and compares every accepted outcome, byte for byte."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

import orjson
import typer
import uvloop
from rich.console import Console
from rich.markup import escape

from engine_worker.owner import Gap
from playlog import log_reader, where
from playlog.commands.replay import Bar, progress
from playlog.log_reader import LogUnreadable
from playlog.reexecution import Difference, Findings, Reexecution
from schemas.topics import MATCHES, PARTITIONS

CONTEXT = 60  # characters shown on either side of the first one that differs
KINDS = {
    "bytes": "the outcome in the log is not what judging the command again gives",
    "skipped": "the log goes on with a later command: this one has no outcome",
    "headless": "the outcome answers a command that the log does not have",
    "rules": "the outcome was judged by rules that this program does not know",
}


def verify(
    partition: Annotated[
        list[int] | None,
        typer.Option("--partition", "-p", min=0, max=PARTITIONS - 1, help="Only these; repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Judge the log's commands again and compare every accepted outcome, key and value, byte for byte.

    Says how many matched, how many records the reader rule ignores, how many commands still wait for their
    outcome, and the first difference. Reads the log only, from offset 0 to where it ends now, and joins no group.
    Exit code 0: all equal; 1: not, or the log cannot be read.
    """
    partitions = sorted({*partition}) if partition else list(range(PARTITIONS))
    try:
        findings = uvloop.run(_verify(partitions))
    except (LogUnreadable, Gap) as error:
        typer.echo(f"{error}.", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    report = document(findings)
    if as_json:
        typer.echo(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode())
    else:
        show(report, first(findings), Console())
    raise typer.Exit(0 if report["equal"] else 1)


async def _verify(partitions: Sequence[int]) -> list[Findings]:
    """Partition by partition, up to the first that differs."""
    settings, found = where.kafka(), list[Findings]()
    async with log_reader.opened(settings) as outcomes, log_reader.opened(settings) as commands:
        outcome_ends = await log_reader.ends(outcomes, MATCHES.outcomes, partitions)
        command_ends = await log_reader.ends(commands, MATCHES.commands, partitions)
        with progress(sum(outcome_ends.values()), shown=True) as bar:
            for partition in partitions:
                found.append(
                    await reexecute(
                        Reexecution(partition),
                        log_reader.batches(outcomes, MATCHES.outcomes, {partition: outcome_ends[partition]}),
                        log_reader.batches(commands, MATCHES.commands, {partition: command_ends[partition]}),
                        command_ends[partition],
                        bar,
                    )
                )
                if found[-1].difference is not None:
                    break
    return found


Batches = AsyncIterator[tuple[int, Sequence[Any]]]


async def reexecute(
    reexecution: Reexecution, outcomes: Batches, commands: Batches, commands_end: int, bar: Bar | None = None
) -> Findings:
    """One partition, both logs in step, so that no more than a poll of each is held."""
    left: Sequence[Any] = ()
    async for _, records in outcomes:
        reexecution.outcomes(records)
        while reexecution.ahead and reexecution.findings.difference is None:
            left = left or await _next(commands)
            if not left:
                break
            left = reexecution.commands(left)
            await asyncio.sleep(0)
        if bar:
            bar[0].advance(bar[1], len(records))
        if reexecution.findings.difference is not None:
            break
    return reexecution.end(commands_end)


async def _next(commands: Batches) -> Sequence[Any]:
    async for _, records in commands:
        return records
    return ()


def first(findings: Sequence[Findings]) -> Difference | None:
    """The first difference, where there is one."""
    return next((one.difference for one in findings if one.difference is not None), None)


def document(findings: Sequence[Findings]) -> dict[str, Any]:
    """All partitions in one report."""
    ignored = sum((one.ignored for one in findings), Counter[str]())
    difference = first(findings)
    return {
        "equal": difference is None,
        "matched": sum(one.matched for one in findings),
        "ignored": dict(sorted(ignored.items())),
        "pending": sum(one.pending for one in findings),
        "difference": None if difference is None else difference.document(),
    }


def show(report: dict[str, Any], difference: Difference | None, console: Console) -> None:
    """For people: a sentence a line."""
    ignored = ", ".join(f"{count} {reason}" for reason, count in report["ignored"].items())
    console.print(f"{report['matched']} outcomes are what judging their commands again gives.")
    console.print(
        f"{sum(report['ignored'].values())} records are ignored by every reader{ignored and ': '}{ignored}."
    )
    console.print(f"{report['pending']} commands wait for their outcome.")
    if difference is None:
        console.print("[green]✓[/] No difference.")
        return
    place = f"partition {difference.partition}, command {difference.command_offset}"
    console.print(f"[red]✗[/] {place}, outcome {difference.outcome_offset}: {KINDS[difference.kind]}.")
    for name, pair in (("log     ", difference.found), ("judged  ", difference.expected)):
        console.print(f"  {name} key   {escape(repr(pair[0]))}", soft_wrap=True, highlight=False)
        console.print(f"  {name} value {escape(around(pair[1], difference))}", soft_wrap=True, highlight=False)


def around(value: bytes | None, difference: Difference) -> str:
    """The part of a value around the first byte in which the two differ; `--json` has them whole."""
    if value is None:
        return "none"
    one, other = difference.found[1] or b"", difference.expected[1] or b""
    same = next((i for i, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    place = min(len(one), len(other)) if same is None else same
    begin = max(0, place - CONTEXT)
    return f"…{value[begin : place + CONTEXT].decode('utf-8', 'backslashreplace')}… (from byte {begin})"
