"""The words of the match domain: what players ask for and what has happened to a match."""

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from schemas.games import rps, rpsfw
from schemas.word import CommandWord, Event, JsonObject, Millis, Seat, word

COMPUTER = "computer"  # the player id in a seat that the engine itself plays
TIMER = "timer"  # the player id on commands that owners' timers append


def _whole(value: object) -> object:
    """Refuse what only equals a whole number: Literal takes `true` for 1."""
    if type(value) is not int:
        raise ValueError("not a whole number")
    return value


Odd = Literal[1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31]
BestOf = Annotated[Odd, BeforeValidator(_whole)]
MoveSeconds = Annotated[int, Field(ge=5, le=86_400)]
Opponent = Literal["open", "computer"]
Ending = Literal["score", "resignation", "time"]


@word
class Options:
    """How a match is played; fixed at its creation."""

    best_of: BestOf
    move_seconds: MoveSeconds = 30
    opponent: Opponent = "open"


@word
class Create(CommandWord):
    """Open a match; `rules` pins the version of the game's rules it is judged by."""

    type: Literal["match.create.v1"] = "match.create.v1"
    game: Annotated[str, Field(min_length=1, max_length=40)]
    rules: Annotated[int, Field(ge=1)]
    options: Options


@word
class Join(CommandWord):
    """Take the free seat."""

    type: Literal["match.join.v1"] = "match.join.v1"


@word
class Play(CommandWord):
    """Make a move; `round`, where given, is the round it is meant for."""

    type: Literal["match.play.v1"] = "match.play.v1"
    move: JsonObject
    round: Annotated[int, Field(ge=1)] | None = None


@word
class Resign(CommandWord):
    """Give the match up."""

    type: Literal["match.resign.v1"] = "match.resign.v1"


@word
class Rematch(CommandWord):
    """Ask for, or agree to, another match at the same table."""

    type: Literal["match.rematch.v1"] = "match.rematch.v1"


@word
class TimeElapsed(CommandWord):
    """The owner's timer says that this deadline has passed."""

    type: Literal["match.time-elapsed.v1"] = "match.time-elapsed.v1"
    deadline: Millis


MatchCommand: TypeAlias = Annotated[
    Create | Join | Play | Resign | Rematch | TimeElapsed, Field(discriminator="type")
]


@word
class MatchCreated(Event):
    type: Literal["match.created.v1"] = "match.created.v1"
    game: str
    rules: int
    options: Options
    player: str
    deadline: Millis  # when it ends if nobody joins


@word
class PlayerJoined(Event):
    type: Literal["match.player-joined.v1"] = "match.player-joined.v1"
    seat: Seat
    player: str


@word
class RoundOpened(Event):
    type: Literal["match.round-opened.v1"] = "match.round-opened.v1"
    round: int
    deadline: Millis


@word
class RoundEnded(Event):
    """`winner` null is a tie; `missed` are the seats that had not moved when the time ran out."""

    settles: ClassVar[bool] = True
    type: Literal["match.round-ended.v1"] = "match.round-ended.v1"
    winner: Seat | None
    missed: tuple[Seat, ...] = ()


@word
class MatchEnded(Event):
    """`deadline` is the end of the rematch window; null where no rematch can follow."""

    settles: ClassVar[bool] = True
    type: Literal["match.ended.v1"] = "match.ended.v1"
    winner: Seat | None
    by: Ending
    deadline: Millis | None


@word
class RematchAsked(Event):
    type: Literal["match.rematch-asked.v1"] = "match.rematch-asked.v1"
    seat: Seat


@word
class MatchRestarted(Event):
    """Both want a rematch: same table, same options, clean score."""

    type: Literal["match.restarted.v1"] = "match.restarted.v1"


@word
class MatchClosed(Event):
    """Nothing can happen to this match any more."""

    type: Literal["match.closed.v1"] = "match.closed.v1"


MatchEvent: TypeAlias = Annotated[
    MatchCreated
    | PlayerJoined
    | RoundOpened
    | RoundEnded
    | MatchEnded
    | RematchAsked
    | MatchRestarted
    | MatchClosed
    | rps.ShapeThrown
    | rpsfw.ShapeThrown,
    Field(discriminator="type"),
]
