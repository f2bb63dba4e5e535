"""What has happened to a match, told shortly: the events that tests of `match.py` are given."""

from collections.abc import Sequence
from typing import Any

from engine_worker.decider import Ask
from engine_worker.match import MATCH
from schemas.games.rps import Shape, ShapeThrown
from schemas.match import (
    COMPUTER,
    MatchClosed,
    MatchCreated,
    MatchEnded,
    Options,
    PlayerJoined,
    RematchAsked,
    RoundEnded,
    RoundOpened,
)
from schemas.rejections import Code
from schemas.word import Event, Seat
from tests.spec import spec
from tests.words import ANN, AT, BOB, ENTROPY

ROCK, PAPER, SCISSORS = Shape
SECONDS = 1000
MOVE = 30 * SECONDS
HOUR = 3600 * SECONDS
WINDOW = 600 * SECONDS
CLOSED = MatchClosed()
TIED = RoundEnded(winner=None)


def created(**chosen: Any) -> MatchCreated:
    """At AT, by Ann."""
    options = Options(**{"best_of": 3, **chosen})
    return MatchCreated(game="rps", rules=1, options=options, player=ANN, deadline=AT + HOUR)


def opened(number: int = 1, at: int = AT) -> RoundOpened:
    return RoundOpened(round=number, deadline=at + MOVE)


def threw(seat: Seat, shape: Shape) -> ShapeThrown:
    return ShapeThrown(seat=seat, shape=shape)


def won(seat: Seat, *missed: Seat) -> RoundEnded:
    return RoundEnded(winner=seat, missed=missed)


def missed_by_both() -> RoundEnded:
    return RoundEnded(winner=None, missed=(0, 1))


def ended(winner: Seat | None, by: Any = "score", at: int = AT) -> MatchEnded:
    return MatchEnded(winner=winner, by=by, deadline=at + WINDOW)


def asked(seat: Seat) -> RematchAsked:
    return RematchAsked(seat=seat)


JOINED = PlayerJoined(seat=1, player=BOB)
WAITING: list[Event] = [created()]
PLAYING: list[Event] = [*WAITING, JOINED, opened()]
ANN_LEADS: list[Event] = [*PLAYING, threw(0, ROCK), threw(1, SCISSORS), won(0), opened(2)]
ENDED: list[Event] = [*ANN_LEADS, threw(0, ROCK), threw(1, SCISSORS), won(0), ended(0)]
OVER: list[Event] = [*ENDED, CLOSED]
ALONE: list[Event] = [
    created(opponent="computer"),
    PlayerJoined(seat=1, player=COMPUTER),
    opened(),
    threw(1, ROCK),
]


def ask(word: Any, player: str = ANN, at: int = AT, entropy: str = ENTROPY) -> Ask:
    return Ask(player, at, entropy, word)


def match(given: Sequence[Event], when: Ask, then: Sequence[Event] | Code, settled: Sequence[Event] = ()) -> None:
    """Given these events of a match, when this is asked, then this is the verdict."""
    spec(MATCH, given, when, then, settled)
