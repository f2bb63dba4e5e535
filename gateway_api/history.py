"""What the history answers show: events up to the first unsettled secret, pages of a player's matches."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, TypeAlias

from pydantic import Field

from gateway_api.store import MOST_EVENTS, Place, Row, cursor_text, time_text
from gateway_api.views import name_of
from schemas.codec import newest_event
from schemas.match import Ending, Options
from schemas.view import SeatedPlayer, Status
from schemas.visibility import shown
from schemas.word import Seat, word

Event: TypeAlias = dict[str, Any]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


@word
class MatchRow:
    """A match in a list."""

    id: str
    game: str
    status: Status
    version: int
    winner: Seat | None
    score: tuple[int, ...]
    seats: tuple[SeatedPlayer | None, ...]
    options: Options
    created_at: Time
    ended_at: Time | None
    ended_by: Ending | None


@word
class MatchHistory:
    """A match and its events; each event has version, at, type and the event's own fields."""

    match: MatchRow
    events: tuple[Event, ...]
    truncated: bool = False


@word
class MatchPage:
    """`next`: the cursor of the following page; null on the last one."""

    matches: tuple[MatchRow, ...]
    next: str | None


def match_row(row: Row, names: Mapping[str, str]) -> dict[str, Any]:
    """A MatchRow's JSON."""
    plain = ("game", "status", "version", "winner", "score", "options", "ended_by")
    return {
        "id": str(row["id"]),
        **{field: row[field] for field in plain},
        "seats": [None if p is None else {"player": p, "name": name_of(p, names)} for p in row["seats"]],
        "created_at": time_text(row["created_at"]),
        "ended_at": time_text(row["ended_at"]),
    }


def players_of(rows: Sequence[Row]) -> list[str]:
    """Everybody who sits at one of these tables."""
    return [player for row in rows for player in row["seats"] if player]


def history(
    row: Row, events: Sequence[Row], names: Mapping[str, str], newest: Callable[[Event], Event] = newest_event
) -> dict[str, Any]:
    """A match with its events, as everybody may see them; `truncated` where there are more than we read.

    Rows keep the version that was the newest when they were written; what is secret is known of today's only.
    """
    told = [newest({"type": event["type"], **event["body"]}) for event in events]
    count = shown([event["type"] for event in told])
    listed = [
        {"version": stored["version"], "at": time_text(stored["at"]), **event}
        for stored, event in zip(events[:count], told, strict=False)
    ]
    cut = {"truncated": True} if len(events) == MOST_EVENTS else {}
    return {"match": match_row(row, names), "events": listed, **cut}


def page(rows: Sequence[Row], most: int, names: Mapping[str, str]) -> dict[str, Any]:
    """A MatchPage's JSON from at most `most` + 1 rows."""
    rest = len(rows) > most
    last = rows[most - 1] if rest else None
    following = None if last is None else cursor_text(Place(last["created_at"], last["id"]))
    return {"matches": [match_row(row, names) for row in rows[:most]], "next": following}
