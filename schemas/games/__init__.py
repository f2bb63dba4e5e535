"""The catalogue of games: what a client may ask for, and which version of the rules a new match pins."""

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from schemas.games import rps, rpsfw


@dataclass(frozen=True)
class Entry:
    """One game on offer. `rules` is the version that a match created now will be judged by for ever."""

    name: str
    title: str
    rules: int
    seats: int
    best_of: int
    move: type[Any]

    def move_schema(self) -> dict[str, Any]:
        """JSON Schema of `move` in a play command."""
        return TypeAdapter(self.move).json_schema()


CATALOGUE: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry("rps", "Rock, paper, scissors", rules=1, seats=2, best_of=7, move=rps.Move),
        Entry("rpsfw", "Rock, paper, scissors, fire, water", rules=1, seats=2, best_of=15, move=rpsfw.Move),
    )
}
