"""How old the oldest outcome is that a sink has read and not stored: whatever keeps it from being stored."""

import contextlib
from collections.abc import Collection, Mapping
from typing import Any

import pytest

from history_sink.sink import HistorySink
from history_sink.store import AWAY
from history_sink.tabulate import START, Place
from infra.clock import ManualClock
from tests.session_worker.author import Author, Game, Line

AGE = 60.0


class Tables:
    """A store in memory: `error` is raised instead of an answer, after the commit where it `commits`."""

    def __init__(self) -> None:
        self.places: dict[int, Place] = {}
        self.error: Exception | None = None
        self.commits = True

    async def progress(self, partitions: Collection[int]) -> Mapping[int, Place]:
        return {p: place for p, place in self.places.items() if p in partitions}

    async def begin(self, partition: int) -> None:
        self.places[partition] = START

    async def write(self, claims: Any, events: Any, rows: Any) -> bool:
        if self.commits:
            self.places |= {claim.partition: claim.progress for claim in claims}
        if self.error:
            raise self.error
        return self.commits


def lines() -> list[Line]:
    author = Author()
    author.take_over("first")
    Game(author, "lag").create()
    return author.lines


async def behind(error: Exception | None, commits: bool) -> tuple[HistorySink, Tables]:
    """A sink whose first write of partition 0 went wrong, AGE seconds after the log was written."""
    written, tables = lines(), Tables()
    sink = HistorySink(tables, ManualClock(written[0].timestamp + int(AGE * 1000)))  # type: ignore[arg-type]
    begun = await sink.begin(0, 2)
    tables.error, tables.commits = error, commits
    with contextlib.suppress(*([type(error)] if error else [])):
        assert await sink.apply({0: (begun, written)}) == {}
    return sink, tables


async def test_given_a_record_that_cannot_be_stored_then_the_lag_is_its_age_until_the_partition_is_lost() -> None:
    sink, _ = await behind(ValueError("poison"), commits=False)
    for _ in range(2):
        stored = await sink.stored([0])
        assert set(await sink.astray({0: stored[0], 1: stored[0]})) == {1}
        assert stored[0].next == 0
        assert sink.lag_seconds() == AGE
    await sink.astray({1: None})
    assert sink.lag_seconds() == 0


@pytest.mark.parametrize("error", [AWAY[0]("no answer"), None], ids=["by us", "by another one"])
async def test_given_records_that_were_stored_without_our_knowing_then_there_is_no_lag(
    error: Exception | None,
) -> None:
    sink, tables = await behind(error, commits=error is not None)
    assert sink.lag_seconds() == AGE
    tables.places[0] = START._replace(next=2)
    await sink.stored([0])
    assert sink.lag_seconds() == 0


async def test_given_a_partition_that_begins_anew_then_its_old_records_do_not_count() -> None:
    sink, _ = await behind(ValueError("poison"), commits=False)
    await sink.begin(0, 0)
    assert sink.lag_seconds() == 0
