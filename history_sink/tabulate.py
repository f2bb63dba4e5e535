"""Which rows a run of outcome records means: events, newest matches, seats, results, progress; pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias

import orjson

from infra.kafka.progress import Accepted, Progress, Record, Rule, accept
from infra.kafka.progress import confirm as confirm_log
from schemas import log
from schemas.codec import checksum, decode_outcome, mark
from schemas.match import MatchCreated, MatchEnded, MatchRestarted, PlayerJoined, RoundEnded

RULE = Rule(start=log.START, mark=mark, read=log.read, checksum=checksum)
Place: TypeAlias = Progress[log.Cursor]
START: Place = Progress(next=0, cursor=log.START, crc=0)
CREATED, JOINED, ROUND_ENDED, ENDED, RESTARTED = (
    word.__dataclass_fields__["type"].default
    for word in (MatchCreated, PlayerJoined, RoundEnded, MatchEnded, MatchRestarted)
)
NOTED = frozenset((CREATED, JOINED, ENDED, RESTARTED))
NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")

PUBLIC, PRIVATE = b',"public":', b',"private":'

# A plain tuple costs a tenth of a named one, and there is one for every event.
EventRow: TypeAlias = tuple[str, int, int, datetime, str, bytes, int, int]
EVENT_COLUMNS = ("match_id", "version", "ordinal", "at", "type", "body", "partition", "offset")


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
    view: bytes
    ended_at: datetime | None = None
    seated: bool = False

    def public(self) -> dict[str, Any]:
        """The newest public view."""
        view: dict[str, Any] = orjson.loads(self.view)
        return view


class Partial(NamedTuple):
    """A result whose score is that of the match's row before this run, and a point for each of the winners."""

    result: int
    winners: Sequence[int | None]


@dataclass(slots=True)
class Rows:
    """What is written once a run, beside the events: only the newest of each match."""

    matches: dict[str, MatchRow] = field(default_factory=dict)
    results: list[ResultRow] = field(default_factory=list)
    partial: dict[str, Partial] = field(default_factory=dict)

    def complete(self, scores: Mapping[str, Sequence[int]]) -> None:
        """Give the partial results their scores; `scores` are those of the matches' rows before this run."""
        for match_id, (index, winners) in self.partial.items():
            score = added(scores[match_id], winners)
            self.results[index] = self.results[index]._replace(score=score)
        self.partial.clear()

    def seats(self) -> list[SeatRow]:
        """Who sits where, of matches where somebody sat down."""
        return [
            SeatRow(match.id, seat, player)
            for match in self.matches.values()
            if match.seated
            for seat, player in enumerate(match.public()["seats"])
            if player is not None
        ]


def read(progress: Place, records: Iterable[Record]) -> Accepted[log.Cursor]:
    """The outcomes that count among the records from `progress` on, and the progress after them."""
    return accept(RULE, progress, records)


def tabulate(rows: Rows, partition: int, outcomes: Iterable[Record]) -> Iterator[EventRow]:
    """The events of accepted outcomes, one by one; once they are all taken, `rows` has the rest.

    Lazy, so that a COPY sends the first rows while the next ones are made. Where `rows.partial` is not empty
    then, `rows.complete` has to be called.
    """
    for record in outcomes:
        if record.key is None or record.value is None:
            continue
        facts, view = halves(storable(record.value))
        outcome = decode_outcome(facts)
        events = outcome["events"]
        if not events:
            continue
        match_id, version = record.key.decode("ascii"), outcome["version"]
        at = datetime.fromtimestamp(outcome["at"] / 1000, UTC)
        match = rows.matches.get(match_id)
        before = None if match is None else match.view
        if match is None:
            match = rows.matches[match_id] = MatchRow(match_id, partition, at, at, view)
        match.updated_at, match.view = at, view
        kinds = [event.pop("type") for event in events]
        for ordinal, (kind, event) in enumerate(zip(kinds, events, strict=True)):
            yield match_id, version, ordinal, at, kind, orjson.dumps(event), partition, record.offset
            if kind in NOTED:
                _note(rows, match, version, at, kind, event)
        if RESTARTED in kinds and ENDED in kinds:
            rounds = [event for kind, event in zip(kinds, events, strict=True) if kind == ROUND_ENDED]
            _score_again(rows, match_id, before, [event["winner"] for event in rounds])


def _note(rows: Rows, match: MatchRow, version: int, at: datetime, kind: str, event: dict[str, Any]) -> None:
    """An event that says more than itself: somebody sat down, the match ended or began again."""
    if kind == ENDED:
        match.ended_at = at
        score = array(match.public()["score"])
        rows.results.append(ResultRow(match.id, version, event["winner"], score, event["by"], at))
    elif kind == RESTARTED:
        match.ended_at = None
    else:
        match.seated = True


def _score_again(rows: Rows, match_id: str, before: bytes | None, winners: Sequence[int | None]) -> None:
    """The match began again in the outcome that ended it, so that the outcome's view shows the new score."""
    if before is None:
        rows.partial[match_id] = Partial(len(rows.results) - 1, winners)
    else:
        rows.results[-1] = rows.results[-1]._replace(score=added(orjson.loads(before)["score"], winners))


def halves(value: bytes) -> tuple[bytes, bytes]:
    """An outcome's JSON without its views, and its public view as bytes; nothing is decoded.

    Two thirds of an outcome are its view, of which only a match's newest is needed. In compact JSON the
    bytes `,"public":` cannot lie inside a string, whose quotes are escaped; where they occur just once they
    are the outcome's own field. Otherwise the slow way is right too.
    """
    facts, *rest = value.split(PUBLIC)
    if len(rest) == 1:
        view, *private = rest[0].split(PRIVATE)
        if len(private) == 1:
            return facts + b"}", view
    return value, orjson.dumps(orjson.loads(value)["public"])


def storable(value: bytes) -> bytes:
    """The same JSON with U+FFFD for every NUL, which PostgreSQL has no place for."""
    return NUL.sub(rb"\1\\ufffd", value) if b"\\" in value else value


def array(numbers: Sequence[int]) -> str:
    """Integers as PostgreSQL writes an array."""
    return "{" + ",".join(map(str, numbers)) + "}"


def added(score: Sequence[int], winners: Sequence[int | None]) -> str:
    """A score, as an array, after rounds that these seats have won."""
    return array([points + winners.count(seat) for seat, points in enumerate(score)])


def confirm(progress: Place, window: Sequence[Any]) -> bool | None:
    """Whether the log before `progress.next` is the one that was read; None: more of it must be seen."""
    return confirm_log(RULE, progress, window)
