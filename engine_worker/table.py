"""The state of one match, how events change it, and what of it everybody and each seat may see."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from schemas import match as words
from schemas.codec import rfc3339
from schemas.match import Ending, Options
from schemas.view import ROUNDS_SHOWN, PublicView, Round, Status
from schemas.word import Event, Millis, Seat

NOBODY_MOVED: tuple[str | None, ...] = (None, None)
NOBODY = (False, False)
NO_MISSES = (0, 0)
NOT_CREATED = Options(best_of=1, move_seconds=5)  # the options of a match that nobody has created


# ended: a rematch may follow; closed: nothing does
Phase = Literal["new", "waiting", "playing", "ended", "closed"]


@dataclass(slots=True)
class Table:
    """A match. moves: this round's, by seat; misses: rounds missed in a row, by seat.

    Nobody changes a table that has been handed on: who goes on from one takes a `copy`.
    """

    game: str = ""
    rules: int = 0
    options: Options = NOT_CREATED
    seats: tuple[str | None, ...] = (None, None)
    winner: Seat | None = None
    ended_by: Ending | None = None
    rematch: tuple[bool, ...] = NOBODY
    phase: Phase = "new"
    deadline: Millis | None = None
    round: int = 0
    score: tuple[int, ...] = (0, 0)
    misses: tuple[int, ...] = NO_MISSES
    rounds: tuple[Round, ...] = ()
    moves: tuple[str | None, ...] = NOBODY_MOVED

    def copy(self) -> "Table":
        """A table of the caller's own. Field by field: a constructor costs three times as much."""
        own = _new(Table)
        own.game = self.game
        own.rules = self.rules
        own.options = self.options
        own.seats = self.seats
        own.winner = self.winner
        own.ended_by = self.ended_by
        own.rematch = self.rematch
        own.phase = self.phase
        own.deadline = self.deadline
        own.round = self.round
        own.score = self.score
        own.misses = self.misses
        own.rounds = self.rounds
        own.moves = self.moves
        return own


_new = object.__new__
INITIAL = Table()


def evolve(table: Table, event: Event) -> Table:
    """The match after one event; the one before stays as it is."""
    own = table.copy()
    happen(own, event)
    return own


def happen(own: Table, event: Event) -> None:
    """Let an event happen to the caller's own table; a class that is not the match's own is a game's move."""
    _HAPPEN.get(type(event), _move)(own, event)


def _move(own: Table, event: Any) -> None:
    own.moves = _put(own.moves, event.seat, str(event.shape))


def _create(own: Table, event: words.MatchCreated) -> None:
    own.phase = "waiting"
    own.game = event.game
    own.rules = event.rules
    own.options = event.options
    own.seats = (event.player, None)
    own.deadline = event.deadline


def _join(own: Table, event: words.PlayerJoined) -> None:
    own.seats = _put(own.seats, event.seat, event.player)


def _open_round(own: Table, event: words.RoundOpened) -> None:
    own.phase = "playing"
    own.deadline = event.deadline
    own.round = event.round
    own.moves = NOBODY_MOVED


def _end_round(own: Table, event: words.RoundEnded) -> None:
    winner = event.winner
    if winner is not None:
        own.score = _put(own.score, winner, own.score[winner] + 1)
    if event.missed or own.misses != NO_MISSES:
        own.misses = tuple([n + 1 if seat in event.missed else 0 for seat, n in enumerate(own.misses)])
    own.rounds = (*own.rounds[-ROUNDS_SHOWN + 1 :], _round(own.moves, winner))
    own.deadline = None
    own.moves = NOBODY_MOVED


@lru_cache(maxsize=256)
def _round(moves: tuple[str | None, ...], winner: Seat | None) -> Round:
    return Round(moves=moves, winner=winner)


def _end(own: Table, event: words.MatchEnded) -> None:
    own.phase = "ended"
    own.winner = event.winner
    own.ended_by = event.by
    own.deadline = event.deadline
    own.moves = NOBODY_MOVED


def _ask_rematch(own: Table, event: words.RematchAsked) -> None:
    own.rematch = _put(own.rematch, event.seat, True)


def _restart(own: Table, _: words.MatchRestarted) -> None:
    own.phase = "playing"
    own.winner = own.ended_by = own.deadline = None
    own.rematch = NOBODY
    own.round = 0
    own.score, own.misses = (0, 0), NO_MISSES
    own.rounds = ()
    own.moves = NOBODY_MOVED


def _close(own: Table, _: words.MatchClosed) -> None:
    own.phase = "closed"
    own.deadline = None


_HAPPEN: dict[type[Any], Callable[[Table, Any], None]] = {
    words.MatchCreated: _create,
    words.PlayerJoined: _join,
    words.RoundOpened: _open_round,
    words.RoundEnded: _end_round,
    words.MatchEnded: _end,
    words.RematchAsked: _ask_rematch,
    words.MatchRestarted: _restart,
    words.MatchClosed: _close,
}


def _put(values: tuple[Any, ...], seat: Seat, value: Any) -> tuple[Any, ...]:
    """Both seats' values with one of them changed."""
    return (values[0], value) if seat else (value, values[1])


_SHOWN: dict[Phase, Status] = {
    "waiting": "waiting",
    "playing": "playing",
    "ended": "ended",
    "closed": "ended",
}


def public(table: Table, match_id: str, version: int) -> PublicView:
    """What everybody may see: that a seat has moved, never what."""
    deadline = table.deadline
    return {
        "id": match_id,
        "game": table.game,
        "version": version,
        "status": _SHOWN[table.phase],
        "options": table.options,
        "seats": table.seats,
        "deadline": None if deadline is None else rfc3339(deadline),
        "score": table.score,
        "round": table.round,
        "moved": _moved(table.moves),
        "rounds": table.rounds,
        "winner": table.winner,
        "ended_by": table.ended_by,
        "rematch": table.rematch,
    }


@lru_cache(maxsize=256)
def _moved(moves: tuple[str | None, ...]) -> tuple[bool, ...]:
    return tuple(move is not None for move in moves)


def private(table: Table) -> Mapping[str, Any] | None:
    """By seat, its own pending move: what that seat's player sees as `mine`."""
    if table.moves == NOBODY_MOVED:
        return None
    return {str(seat): {"shape": move} for seat, move in enumerate(table.moves) if move is not None}
