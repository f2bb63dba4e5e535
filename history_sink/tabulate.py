"""Which rows a run of outcome records means: events, newest matches, seats, results, progress; pure."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

import orjson

from infra.kafka.progress import Progress, Record, Rule, accept
from infra.kafka.progress import confirm as confirm_log
from schemas import log
from schemas.codec import checksum, decode_outcome, mark
from schemas.match import MatchCreated, MatchEnded, MatchRestarted, PlayerJoined
from schemas.outcome import OutcomeDocument

RULE = Rule(start=log.START, mark=mark, read=log.read, checksum=checksum)
Place: TypeAlias = Progress[log.Cursor]
START: Place = Progress(next=0, cursor=log.START, crc=0)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

CREATED, JOINED, ENDED, RESTARTED = (
    word.__dataclass_fields__["type"].default for word in (MatchCreated, PlayerJoined, MatchEnded, MatchRestarted)
)
NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


class EventRow(NamedTuple):
    match_id: str
    version: int
    ordinal: int
    at: datetime
    type: str
    body: bytes
    partition: int
    offset: int


class ResultRow(NamedTuple):
    match_id: str
    version: int
    winner: int | None
    score: str
    ended_by: str
    ended_at: datetime


class SeatRow(NamedTuple):
    match_id: str
    seat: int
    player: str


@dataclass(slots=True)
class MatchRow:
    """A match after its newest outcome of the run; `created_at` counts only where the match is new."""

    id: str
    partition: int
    created_at: datetime
    updated_at: datetime
    public: dict[str, Any]
    ended_at: datetime | None = None
    seated: bool = False


@dataclass(slots=True)
class Rows:
    """The rows of one run or of several runs of different partitions."""

    events: list[EventRow] = field(default_factory=list)
    matches: dict[str, MatchRow] = field(default_factory=dict)
    results: list[ResultRow] = field(default_factory=list)

    def seats(self) -> list[SeatRow]:
        """Who sits where, of matches where somebody sat down."""
        return [
            SeatRow(match.id, seat, player)
            for match in self.matches.values()
            if match.seated
            for seat, player in enumerate(match.public["seats"])
            if player is not None
        ]


class Tabulated(NamedTuple):
    progress: Place
    ignored: Counter[str]


def tabulate(rows: Rows, partition: int, progress: Place, records: Iterable[Record]) -> Tabulated:
    """Read records on from `progress` and add their rows. Only outcomes with events leave any."""
    accepted = accept(RULE, progress, records)
    for record in accepted.outcomes:
        if record.key is None or record.value is None:
            continue
        outcome = decode_outcome(storable(record.value))
        if outcome["events"]:
            _add(rows, record.key.decode("ascii"), partition, record.offset, outcome)
    return Tabulated(accepted.progress, accepted.ignored)


def storable(value: bytes) -> bytes:
    """The same JSON with U+FFFD for every NUL, which PostgreSQL has no place for."""
    return NUL.sub(rb"\1\\ufffd", value) if b"\\u0000" in value else value


def _add(rows: Rows, match_id: str, partition: int, offset: int, outcome: OutcomeDocument) -> None:
    at = EPOCH + timedelta(milliseconds=outcome["at"])
    version = outcome["version"]
    public: dict[str, Any] = outcome["public"] or {}
    match = rows.matches.get(match_id)
    if match is None:
        match = rows.matches[match_id] = MatchRow(match_id, partition, at, at, public)
    match.updated_at, match.public = at, public
    for ordinal, event in enumerate(outcome["events"]):
        kind = event.pop("type")
        body = orjson.dumps(event)
        rows.events.append(EventRow(match_id, version, ordinal, at, kind, body, partition, offset))
        if kind == ENDED:
            match.ended_at = at
            score = array(public["score"])
            rows.results.append(ResultRow(match_id, version, event["winner"], score, event["by"], at))
        elif kind == RESTARTED:
            match.ended_at = None
        elif kind in (CREATED, JOINED):
            match.seated = True


def array(numbers: Sequence[int]) -> str:
    """Integers as PostgreSQL writes an array."""
    return "{" + ",".join(map(str, numbers)) + "}"


def confirm(progress: Place, window: Sequence[Any]) -> bool | None:
    """Whether the log before `progress.next` is the one that was read; None: more of it must be seen."""
    return confirm_log(RULE, progress, window)
