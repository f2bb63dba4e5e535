"""The state of one match, how events change it, and what of it everybody and each seat may see."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from schemas import match as words
from schemas.codec import rfc3339
from schemas.match import Ending, Options
from schemas.view import ROUNDS_SHOWN, PublicView, Round, Status
from schemas.word import Event, Millis, Seat

NOBODY_MOVED: tuple[str | None, ...] = (None, None)
NOBODY = (False, False)


# ended: a rematch may follow; closed: nothing does
Phase = Literal["new", "waiting", "playing", "ended", "closed"]


class Table(NamedTuple):
    """A match. moves: this round's, by seat; misses: rounds missed in a row, by seat.

    The fields that every round changes come last, so that a move copies the others as one slice.
    """

    game: str = ""
    rules: int = 0
    options: Options | None = None
    seats: tuple[str | None, ...] = (None, None)
    winner: Seat | None = None
    ended_by: Ending | None = None
    rematch: tuple[bool, ...] = NOBODY
    phase: Phase = "new"
    deadline: Millis | None = None
    round: int = 0
    score: tuple[int, ...] = (0, 0)
    misses: tuple[int, ...] = (0, 0)
    rounds: tuple[Round, ...] = ()
    moves: tuple[str | None, ...] = NOBODY_MOVED

    @property
    def options_set(self) -> Options:
        """The options of a match that has been created."""
        if self.options is None:
            raise ValueError("the match has not been created")
        return self.options


INITIAL = Table()


@lru_cache(maxsize=256)
def _round(moves: tuple[str | None, ...], winner: Seat | None) -> Round:
    return Round(moves=moves, winner=winner)


def evolve(table: Table, event: Event) -> Table:
    """The match after one event; a class that is not the match's own is a game's move."""
    return _EVOLVE.get(type(event), _move)(table, event)


def _move(table: Table, event: Any) -> Table:
    return Table(*table[:-1], _put(table.moves, event.seat, str(event.shape)))


def _create(_: Table, event: words.MatchCreated) -> Table:
    return INITIAL._replace(
        phase="waiting",
        game=event.game,
        rules=event.rules,
        options=event.options,
        seats=(event.player, None),
        deadline=event.deadline,
    )


def _join(table: Table, event: words.PlayerJoined) -> Table:
    return table._replace(seats=_put(table.seats, event.seat, event.player))


def _open_round(table: Table, event: words.RoundOpened) -> Table:
    return Table(*table[:7], "playing", event.deadline, event.round, *table[10:-1], NOBODY_MOVED)


def _end_round(table: Table, event: words.RoundEnded) -> Table:
    winner = event.winner
    score = table.score if winner is None else _put(table.score, winner, table.score[winner] + 1)
    misses = tuple([n + 1 if seat in event.missed else 0 for seat, n in enumerate(table.misses)])
    rounds = (*table.rounds[-ROUNDS_SHOWN + 1 :], _round(table.moves, winner))
    return Table(*table[:8], None, table.round, score, misses, rounds, NOBODY_MOVED)


def _end(table: Table, event: words.MatchEnded) -> Table:
    return table._replace(
        phase="ended",
        winner=event.winner,
        ended_by=event.by,
        deadline=event.deadline,
        moves=NOBODY_MOVED,
    )


def _ask_rematch(table: Table, event: words.RematchAsked) -> Table:
    return table._replace(rematch=_put(table.rematch, event.seat, True))


def _restart(table: Table, _: words.MatchRestarted) -> Table:
    return INITIAL._replace(
        phase="playing",
        game=table.game,
        rules=table.rules,
        options=table.options,
        seats=table.seats,
    )


def _close(table: Table, _: words.MatchClosed) -> Table:
    return table._replace(phase="closed", deadline=None)


_EVOLVE: dict[type[Any], Callable[[Table, Any], Table]] = {
    words.MatchCreated: _create,
    words.PlayerJoined: _join,
    words.RoundOpened: _open_round,
    words.RoundEnded: _end_round,
    words.MatchEnded: _end,
    words.RematchAsked: _ask_rematch,
    words.MatchRestarted: _restart,
    words.MatchClosed: _close,
}


def _put(values: tuple[Any, ...], index: int, value: Any) -> tuple[Any, ...]:
    return (*values[:index], value, *values[index + 1 :])


_SHOWN: dict[Phase, Status] = {
    "waiting": "waiting",
    "playing": "playing",
    "ended": "ended",
    "closed": "ended",
}


def public(table: Table, match_id: str, version: int) -> PublicView:
    """What everybody may see: that a seat has moved, never what."""
    return PublicView(
        id=match_id,
        game=table.game,
        version=version,
        status=_SHOWN[table.phase],
        options=table.options_set,
        seats=table.seats,
        deadline=None if table.deadline is None else rfc3339(table.deadline),
        score=table.score,
        round=table.round,
        moved=tuple([move is not None for move in table.moves]),
        rounds=table.rounds,
        winner=table.winner,
        ended_by=table.ended_by,
        rematch=table.rematch,
    )


def private(table: Table) -> Mapping[str, Any] | None:
    """By seat, its own pending move: what that seat's player sees as `mine`."""
    if table.moves == NOBODY_MOVED:
        return None
    return {str(seat): {"shape": move} for seat, move in enumerate(table.moves) if move is not None}
