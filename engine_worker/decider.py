"""What the engine knows of any aggregate: a decider, a value with a first state and pure functions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from schemas.rejections import Code
from schemas.word import Event, Millis, Seat

S = TypeVar("S")


class Ask(NamedTuple):
    """A readable command as the rules see it: who, when on the broker's clock, with which chance, what."""

    player: str
    at: Millis
    entropy: str
    word: Any


class Decision(NamedTuple, Generic[S]):
    """What happened, and the state it leads to: always `replay(events)`, handed on because it is known."""

    events: tuple[Event, ...]
    state: S


class Rejection(NamedTuple, Generic[S]):
    """The rules said no. `settled` is what time alone had already decided when the command came."""

    code: Code
    settled: Decision[S] | None = None


Verdict: TypeAlias = Decision[S] | Rejection[S]


@dataclass(frozen=True)
class Decider(Generic[S]):
    """Pure: no clock, chance, environment, logging or I/O; time and chance arrive in the command.

    deadline: when this state needs its timer, or None.  public, private: what everybody, and what one seat
    besides, may see; secrets leave the engine in no other way.  is_terminal: no command can change it.
    """

    name: str
    initial: S
    decide: Callable[[Ask, S], Verdict[S]]
    evolve: Callable[[S, Event], S]
    is_terminal: Callable[[S], bool]
    deadline: Callable[[S], Millis | None]
    public: Callable[[S, str, int], Any]
    private: Callable[[S], Mapping[str, Any] | None]

    def replay(self, events: Sequence[Event], since: S | None = None) -> S:
        """The state after these events."""
        return reduce(self.evolve, events, self.initial if since is None else since)


@dataclass(frozen=True)
class Game:
    """The rules of one round, which `match.py` plays until somebody has won.

    throw: a seat's move from its JSON, as an event; None for what the rules do not know.
    choose: the computer's move, uniform in `entropy`.
    winner: the round's, from every seat's move; None is a tie.
    """

    name: str
    rules: int
    throw: Callable[[Seat, Any], Event | None]
    choose: Callable[[Seat, int], Event]
    winner: Callable[[Sequence[str]], Seat | None]
