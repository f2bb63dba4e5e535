"""Redis and PostgreSQL in memory, as far as a good run needs them: the script's and the statements' meaning."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import orjson

from history_sink.tabulate import MatchRow as SinkMatch
from history_sink.tabulate import Rows, tabulate
from session_worker.project import Projected
from tests.proof.evidence import (
    EventRow,
    Evidence,
    MatchRow,
    RedisMatch,
    RedisResult,
    RedisWrite,
    ResultRow,
    SeatRow,
)


@dataclass
class Redis:
    """Hashes, results and their expiry; `now` is the newest time that any outcome bears, ms."""

    matches: dict[str, RedisMatch] = field(default_factory=dict)
    results: dict[str, RedisResult] = field(default_factory=dict)
    now: int = 0

    def write(self, partition: int, projected: Projected) -> None:
        self.now = max([self.now, *projected.times])
        for match, snapshot in projected.snapshots.items():
            fields = {
                "version": b"%d" % snapshot.version,
                "status": snapshot.status.encode(),
                "public": snapshot.public,
            }
            fields |= {f"private:{seat}": part for seat, part in snapshot.private}
            held = self.matches.get(match)
            if held is None or snapshot.version > int(held.fields["version"]):
                self.matches[match] = RedisMatch(match, fields, snapshot.expires_at)
        for command, result in projected.results.items():
            held_result = self.results.get(command)
            alive = held_result is not None and (held_result.expires or 0) > self.now
            if not (result.repeated and alive):
                self.results[command] = RedisResult(command, result.body, result.expires_at)

    def seen(self, at: float, match: str) -> RedisWrite:
        return RedisWrite(at, match, int(self.matches[match].fields["version"]))

    def dump(self, evidence: Evidence) -> None:
        """What has not expired."""
        evidence.redis_matches = [one for one in self.matches.values() if (one.expires or 0) > self.now]
        evidence.redis_results = [one for one in self.results.values() if (one.expires or 0) > self.now]


@dataclass
class Tables:
    """The schema `history`."""

    events: list[EventRow] = field(default_factory=list)
    matches: dict[str, SinkMatch] = field(default_factory=dict)
    results: list[ResultRow] = field(default_factory=list)
    seats: dict[tuple[str, int], SeatRow] = field(default_factory=dict)

    def write(self, partition: int, accepted: Any) -> None:
        rows = Rows()
        for match, version, ordinal, at, kind, body, home, offset in tabulate(rows, partition, accepted.outcomes):
            self.events.append(EventRow(match, version, ordinal, ms(at), kind, orjson.loads(body), home, offset))
        rows.complete({match: one.public()["score"] for match, one in self.matches.items()})
        for one in rows.matches.values():
            before = self.matches.get(one.id)
            if before is not None:
                one.created_at = before.created_at
                one.ended_at = (one.ended_at or before.ended_at) if one.public()["status"] == "ended" else None
            self.matches[one.id] = one
        for seat in rows.seats():
            self.seats[seat.match_id, seat.seat] = SeatRow(seat.match_id, seat.seat, seat.player)
        for end in rows.results:
            score = [int(part) for part in end.score.strip("{}").split(",")]
            self.results.append(
                ResultRow(end.match_id, end.version, end.winner, score, end.ended_by, ms(end.ended_at))
            )

    def dump(self, evidence: Evidence) -> None:
        evidence.events, evidence.results = self.events, self.results
        evidence.seats = [*self.seats.values()]
        evidence.matches = [match_row(one) for one in self.matches.values()]


def match_row(match: SinkMatch) -> MatchRow:
    """A match's row as the statement writes it."""
    view = match.public()
    named = {name: view[name] for name in ("game", "status", "version", "winner", "ended_by", "score", "options")}
    return MatchRow(
        match=match.id,
        **named,
        view=view,
        created_ms=ms(match.created_at),
        ended_ms=None if match.ended_at is None else ms(match.ended_at),
        updated_ms=ms(match.updated_at),
        partition=match.partition,
    )


def ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def plain(row: Any) -> dict[str, Any]:
    """A row as a dict, for tests that change one."""
    return asdict(row)
