"""What two scripted players send, and what they must then see: a second, naive telling of the rules; pure.

Nothing here comes from the engine, so that a demo or a measurement that agrees with it says something.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

BEATS = {
    "rps": ("rock>scissors", "scissors>paper", "paper>rock"),
    "rpsfw": (
        *("rock>scissors", "scissors>paper", "paper>rock"),
        *("fire>rock", "fire>paper", "fire>scissors"),
        *("rock>water", "paper>water", "scissors>water", "water>fire"),
    ),
}
FIRST_VERSION = 2  # created, joined


def winner(game: str, first: str, second: str) -> int | None:
    """The seat whose shape beats the other's; None for a tie."""
    if f"{first}>{second}" in BEATS[game]:
        return 0
    return 1 if f"{second}>{first}" in BEATS[game] else None


class Step(NamedTuple):
    """One command of one seat, and the version of the match it leads to."""

    seat: int
    body: dict[str, Any]
    version: int


@dataclass
class Script:
    """A table of two; all but the first three fields are what holds after the steps taken so far."""

    game: str
    best_of: int
    random: Random
    version: int = FIRST_VERSION
    score: list[int] = field(default_factory=lambda: [0, 0])
    rounds: list[tuple[str, str, int | None]] = field(default_factory=list)
    over: int | None = None  # the seat that has won
    pending: tuple[int, str] | None = None  # who has thrown what, while the other has not

    def match(self) -> Iterator[Step]:
        """Round after round until somebody has won; who throws first varies."""
        while self.over is None:
            yield from self._round()

    def endless(self) -> Iterator[Step]:
        """One match after the other at the same table, with a rematch between two."""
        while True:
            yield from self.match()
            for seat in (0, 1):
                yield self._step(seat, {"type": "rematch"})
            self.score, self.rounds, self.over = [0, 0], [], None

    def _round(self) -> Iterator[Step]:
        shapes = [self.random.choice(SHAPES[self.game]) for _ in (0, 1)]
        first = self.random.randrange(2)
        self.pending = first, shapes[first]
        yield self._step(first, _throw(shapes[first]))
        self.pending = None
        self._settle(shapes[0], shapes[1])
        yield self._step(1 - first, _throw(shapes[1 - first]))

    def _settle(self, first: str, second: str) -> None:
        won = winner(self.game, first, second)
        self.rounds.append((first, second, won))
        if won is not None:
            self.score[won] += 1
            if self.score[won] > self.best_of // 2:
                self.over = won

    def _step(self, seat: int, body: dict[str, Any]) -> Step:
        self.version += 1
        return Step(seat, body, self.version)


def _throw(shape: str) -> dict[str, Any]:
    return {"type": "play", "move": {"shape": shape}}


SHAPES = {game: sorted({shape for line in table for shape in line.split(">")}) for game, table in BEATS.items()}
