"""A log written as an engine writes it: fences, chained outcomes, and on request the records nobody may accept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from schemas.codec import OUTCOME_TYPE, digest, encode_fence, encode_outcome, fence_name, outcome_headers
from schemas.games.rps import Shape, ShapeThrown
from schemas.log import Fence
from schemas.match import (
    MatchCreated,
    MatchEnded,
    MatchRestarted,
    Options,
    PlayerJoined,
    RematchAsked,
    RoundEnded,
    RoundOpened,
)
from schemas.outcome import Outcome
from schemas.rejections import Code
from schemas.view import PublicView, Round
from tests.words import outcome_of

START = 1_800_000_000_000
HOUR = 3_600_000
ANN, BOB = (str(uuid5(NAMESPACE_URL, name)) for name in ("ann", "bob"))


@dataclass(frozen=True)
class Line:
    """A consumed record, as far as readers look at it."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]
    timestamp: int


@dataclass
class Author:
    """Writes one partition. Offsets count from 0; so do the commands whose outcomes it writes."""

    partition: int = 0
    at: int = START
    lines: list[Line] = field(default_factory=list)
    fence: Fence | None = None
    watermark: int = -1

    def take_over(self, fence_id: str) -> None:
        self.fence = Fence(len(self.lines), fence_id)
        record = encode_fence(fence_id, "engine-1", self.at)
        self.append(record.key, record.value, record.headers)

    def append(self, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]]) -> None:
        self.lines.append(Line(len(self.lines), key, value, headers, self.at))

    def write(self, match: str, outcome: Outcome) -> Outcome:
        self._put(match, outcome, self.fence, self.watermark + 1, self.watermark)
        self.watermark += 1
        return outcome

    def write_stale(self, match: str, outcome: Outcome) -> None:
        """As a worker would that lost the partition and does not know it."""
        self._put(match, outcome, Fence(99_999, "gone"), self.watermark + 1, self.watermark)

    def write_gap(self, match: str, outcome: Outcome) -> None:
        """As after a failed batch: the outcome before it is not there."""
        self._put(match, outcome, self.fence, self.watermark + 3, self.watermark + 2)

    def repeat_last(self) -> None:
        """A batch that lands twice."""
        last = next(line for line in reversed(self.lines) if ("ce_type", OUTCOME_TYPE) in line.headers)
        self.append(last.key, last.value, last.headers)

    def _put(self, match: str, outcome: Outcome, fence: Fence | None, cause: int, after: int) -> None:
        assert fence is not None
        headers = outcome_headers(fence_name(fence), self.partition, cause, after, outcome["at"])
        self.append(match.encode(), encode_outcome(outcome), headers)


class Game:
    """One match of KSP, as its outcomes tell it. Every call writes one outcome."""

    def __init__(self, author: Author, name: str, best_of: Any = 3) -> None:
        self.author, self.id = author, str(uuid5(NAMESPACE_URL, name))
        self.options = Options(best_of=best_of)
        self.version = 0
        self.seats: tuple[str | None, ...] = (ANN, None)
        self.pending: list[Shape | None] = [None, None]
        self.rounds: list[Round] = []
        self.score, self.round = [0, 0], 0
        self.status: Any = "waiting"
        self.winner: int | None = None
        self.rematch = [False, False]
        self.last = ""

    def create(self) -> Outcome:
        created = MatchCreated(
            game="rps", rules=1, options=self.options, player=ANN, deadline=self.author.at + HOUR
        )
        return self._happen(ANN, created)

    def join(self) -> Outcome:
        self.seats, self.status, self.round = (ANN, BOB), "playing", 1
        return self._happen(BOB, PlayerJoined(seat=1, player=BOB), self._opened())

    def throw(self, seat: int, shape: Shape) -> Outcome:
        self.pending[seat] = shape
        events: list[Any] = [ShapeThrown(seat=seat, shape=shape)]
        if None not in self.pending:
            events += self._settle()
        return self._happen(self._player(seat), *events)

    def ask_rematch(self, seat: int) -> Outcome:
        self.rematch[seat] = True
        events: list[Any] = [RematchAsked(seat=seat)]
        if all(self.rematch):
            self.score, self.rounds, self.round, self.rematch = [0, 0], [], 1, [False, False]
            self.status, self.winner = "playing", None
            events += [MatchRestarted(), self._opened()]
        return self._happen(self._player(seat), *events)

    def ask_rematch_late(self, winner: int | None) -> Outcome:
        """A command behind the deadline: time ends the round and the match, then its rematch begins at once."""
        self.rounds, self.round, self.score, self.pending = [], 1, [0, 0], [None, None]
        missed = (0, 1) if winner is None else (1 - winner,)
        return self._happen(
            ANN,
            RoundEnded(winner=winner, missed=missed),
            MatchEnded(winner=winner, by="time", deadline=self.author.at + HOUR),
            RematchAsked(seat=0),
            MatchRestarted(),
            self._opened(),
        )

    def reject(self, player: str = BOB) -> Outcome:
        command = self._command(player)
        return self._write(outcome_of(rejection=Code.ALREADY_MOVED, **command))

    def repeat(self) -> Outcome:
        """The last accepted command of this match comes again."""
        first = self.author.watermark
        command = {**self._command(ANN), "command_id": self.last}
        return self._write(outcome_of(duplicate_of=first, **command))

    def reuse(self) -> Outcome:
        """The last accepted command's id comes again with another body."""
        command = {**self._command(ANN), "command_id": self.last, "digest": digest("other")}
        return self._write(outcome_of(rejection=Code.KEY_REUSED, duplicate_of=self.author.watermark, **command))

    def _settle(self) -> list[Any]:
        first, second = self.pending
        order = list(Shape)
        assert first is not None
        assert second is not None
        difference = (order.index(first) - order.index(second)) % 3
        winner = {0: None, 1: 0, 2: 1}[difference]
        if winner is not None:
            self.score[winner] += 1
        self.rounds.append(Round(moves=(first, second), winner=winner))
        self.pending = [None, None]
        events: list[Any] = [RoundEnded(winner=winner)]
        if winner is not None and self.score[winner] > self.options.best_of // 2:
            self.status, self.winner = "ended", winner
            return [*events, MatchEnded(winner=winner, by="score", deadline=self.author.at + HOUR)]
        self.round += 1
        return [*events, self._opened()]

    def _opened(self) -> RoundOpened:
        return RoundOpened(round=self.round, deadline=self.author.at + 30_000)

    def _player(self, seat: int) -> str:
        return self.seats[seat] or ""

    def _command(self, player: str) -> dict[str, Any]:
        cause = self.author.watermark + 1
        return {
            "command_id": str(uuid5(NAMESPACE_URL, f"{self.author.partition}/{cause}")),
            "player": player,
            "at": self.author.at,
            "version": self.version,
            "digest": digest(cause),
        }

    def _happen(self, player: str, *events: Any) -> Outcome:
        self.version += 1
        command = self._command(player)
        self.last = command["command_id"]
        private = {str(s): {"shape": shape} for s, shape in enumerate(self.pending) if shape is not None}
        return self._write(
            outcome_of(
                events=events,
                public=self.view(),
                private=private or None,
                deadline=self.author.at + 30_000,
                **command,
            )
        )

    def _write(self, outcome: Outcome) -> Outcome:
        self.author.at += 100
        return self.author.write(self.id, outcome)

    def view(self) -> PublicView:
        return PublicView(
            id=self.id,
            game="rps",
            version=self.version,
            status=self.status,
            options=self.options,
            seats=self.seats,
            deadline=None,
            score=tuple(self.score),
            round=self.round,
            moved=tuple(shape is not None for shape in self.pending),
            rounds=tuple(self.rounds),
            winner=self.winner,
            ended_by="score" if self.status == "ended" else None,
            rematch=tuple(self.rematch),
        )


NOISE = ("stale", "gap", "twice", "foreign", "unreadable", "fence")


def disturb(author: Author, game: Game, kind: str) -> None:
    """Records that change nothing that is stored; `unreadable` is an outcome all the same, without an id."""
    nothing = outcome_of(command_id="not-accepted", player=ANN, at=author.at, version=999, public=game.view())
    if kind == "stale":
        author.write_stale(game.id, nothing)
    elif kind == "gap":
        author.write_gap(game.id, nothing)
    elif kind == "twice":
        author.repeat_last()
    elif kind == "foreign":
        author.append(b"x", b"not json", [("ce_type", b"somebody.else.v1")])
    elif kind == "unreadable":
        unread = outcome_of(command_id=None, player=None, at=author.at, version=0, rejection=Code.UNREADABLE)
        author.write("?", unread)
    else:
        author.take_over(f"fence-{len(author.lines)}")


SHAPES: Sequence[Shape] = tuple(Shape)


def play(author: Author, name: str, shapes: Sequence[tuple[Shape, Shape]]) -> Game:
    """A match from its creation, over these rounds as far as it needs them, to a rematch where it ended."""
    game = Game(author, name)
    game.create()
    game.join()
    for first, second in shapes:
        if game.status == "ended":
            game.ask_rematch(0)
            game.ask_rematch(1)
        game.throw(0, first)
        game.reject()
        game.throw(1, second)
        game.repeat()
    game.reuse()
    return game
