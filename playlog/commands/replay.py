"""`playlog replay`: accepted outcomes as NDJSON on stdout, by the same reader rule as every service."""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.progress import Progress, TaskID

from infra.kafka.client import partition_of
from playlog import log_reader, ranges, where
from playlog.accepted import Acceptance
from playlog.export import Wanted, lines
from schemas.topics import MATCHES, PARTITIONS

NONE_FOUND = 3
Bar = tuple[Progress, TaskID]


def replay(
    partition: Annotated[
        list[int] | None,
        typer.Option("--partition", "-p", min=0, max=PARTITIONS - 1, help="Only these; repeatable."),
    ] = None,
    match: Annotated[
        str | None,
        typer.Option("--match", "-m", help="Only this match; reads its partition alone, so not with --partition."),
    ] = None,
    offset: Annotated[str, typer.Option("--offset", "-o", help=f"What to print: {ranges.HELP}")] = "start",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")] = False,
) -> None:
    """Print accepted outcomes as NDJSON: partition, offset, cause (the command's offset), key (match id), outcome.

    What stale owners wrote is left out, by the reader rule. It is applied from offset 0 of each partition, so a
    range only chooses what is printed. Without --follow it ends where the log ended at its start. It joins no
    group. Exit code 3: nothing was found.

    A tool for operators: outcomes hold the throws that are still secret in running matches.
    """
    try:
        chosen = ranges.parse(offset, time.time_ns() // 1_000_000)
    except ranges.NoRange as error:
        raise typer.BadParameter(str(error), param_hint="--offset") from None
    if match is not None and partition:
        raise typer.BadParameter(
            "--match reads its own partition: leave --partition out.", param_hint="--partition"
        )
    partitions = partitions_of(match, partition)
    try:
        printed = uvloop.run(_replay(chosen, partitions, match, follow))
    except log_reader.LogUnreadable as error:
        typer.echo(f"{error}.", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except BrokenPipeError:  # `| head` has enough; the interpreter must not flush into the pipe again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    if not printed:
        typer.echo("No accepted outcome fits: check the id, or widen --partition and --offset.", err=True)
        raise typer.Exit(NONE_FOUND)


def partitions_of(match: str | None, chosen: list[int] | None) -> list[int]:
    """The partitions to read: the match's own, the chosen ones, or all."""
    if match is not None:
        return [partition_of(match.encode(), PARTITIONS)]
    return sorted({*chosen}) if chosen else list(range(PARTITIONS))


async def _replay(chosen: ranges.Range, partitions: list[int], match: str | None, follow: bool) -> int:
    """How many outcomes were printed."""
    key, printed = None if match is None else match.encode(), 0
    acceptances = {partition: Acceptance() for partition in partitions}
    async with log_reader.opened(where.kafka()) as consumer:
        ends = await log_reader.ends(consumer, MATCHES.outcomes, partitions)
        wanted = {partition: Wanted.of(chosen, end, key) for partition, end in ends.items()}
        until = {partition: wanted[partition].end(end) for partition, end in ends.items()}
        with progress(sum(until.values()), shown=is_bar_wanted(follow)) as bar:
            async for partition, records in log_reader.batches(consumer, MATCHES.outcomes, until, follow):
                found = [*lines(partition, acceptances[partition].feed(records), wanted[partition])]
                await asyncio.to_thread(_write, found)  # a slow pipe must not keep the fetcher from its answers
                printed += len(found)
                if bar:
                    bar[0].advance(bar[1], len(records))
    return printed


def _write(found: list[bytes]) -> None:
    sys.stdout.buffer.writelines(found)
    sys.stdout.buffer.flush()


def is_bar_wanted(follow: bool) -> bool:
    """Not where it would stand between the lines."""
    return not follow and not sys.stdout.isatty()


@contextmanager
def progress(total: int, shown: bool) -> Iterator[Bar | None]:
    """A bar on stderr, where that is a terminal."""
    if not shown or not sys.stderr.isatty():
        yield None
        return
    with Progress(console=Console(stderr=True)) as bar:
        yield bar, bar.add_task("Records read", total=total)
