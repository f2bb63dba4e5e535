"""The rows that PostgreSQL must have after outcomes."""

from collections.abc import Iterable
from typing import Any

from tests.proof.evidence import EventRow, MatchRow, ResultRow, SeatRow
from tests.proof.rules.reader import Accepted


def storable(value: Any) -> Any:
    """PostgreSQL has no NUL: U+FFFD stands in its place."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, list):
        return [storable(part) for part in value]
    if isinstance(value, dict):
        return {storable(name): storable(part) for name, part in value.items()}
    return value


def events(outcome: Accepted) -> Iterable[EventRow]:
    """One row for each event of an outcome."""
    record, value = outcome.record, storable(outcome.value)
    for ordinal, event in enumerate(value["events"]):
        yield EventRow(
            match=(record.key or b"").decode("ascii"),
            version=value["version"],
            ordinal=ordinal,
            ms=value["at"],
            type=event["type"],
            body={name: part for name, part in event.items() if name != "type"},
            partition=record.partition,
            offset=record.offset,
        )


def results(match: str, outcomes: Iterable[Accepted]) -> Iterable[ResultRow]:
    """One row for each time a match ended; its score are the rounds won since it last began."""
    won = [0, 0]
    for outcome in outcomes:
        value = outcome.value
        for event in value["events"]:
            if event["type"] == "match.restarted.v1":
                won = [0, 0]
            elif event["type"] == "match.round-ended.v1" and event["winner"] is not None:
                won[event["winner"]] += 1
            elif event["type"] == "match.ended.v1":
                yield ResultRow(match, value["version"], event["winner"], [*won], event["by"], value["at"])


def match_row(match: str, outcomes: list[Accepted]) -> MatchRow:
    """The row of a match after its outcomes, of which there is at least one."""
    first, last = outcomes[0].value, outcomes[-1].value
    view = storable(last["public"])
    ends = [row.ended_ms for row in results(match, outcomes)]
    return MatchRow(
        match=match,
        game=view["game"],
        status=view["status"],
        version=view["version"],
        winner=view["winner"],
        ended_by=view["ended_by"],
        score=view["score"],
        options=view["options"],
        view=view,
        created_ms=first["at"],
        ended_ms=ends[-1] if view["status"] == "ended" else None,
        updated_ms=last["at"],
        partition=outcomes[-1].record.partition,
    )


def seats(match: str, outcomes: list[Accepted]) -> Iterable[SeatRow]:
    """Who sits where at the end."""
    for seat, player in enumerate(storable(outcomes[-1].value["public"]["seats"])):
        if player is not None:
            yield SeatRow(match, seat, player)
