"""The games on offer, as /v1/games answers them."""

from typing import Any

from schemas.games import CATALOGUE, Entry
from schemas.word import JsonObject, word


@word
class Game:
    """A game: its options with their defaults and bounds, and the JSON Schema of `move` in a play command."""

    name: str
    title: str
    seats: int
    options: JsonObject
    move: JsonObject


@word
class Games:
    games: tuple[Game, ...]


def games() -> Games:
    """The whole catalogue."""
    return Games(games=tuple(_game(entry) for entry in CATALOGUE.values()))


def _game(entry: Entry) -> Game:
    options: dict[str, Any] = {
        "best_of": {"default": entry.best_of, "from": 1, "to": 31, "odd": True},
        "move_seconds": {"default": 30, "from": 5, "to": 86_400},
        "opponent": {"default": "open", "of": ["open", "computer"]},
    }
    move = entry.move_schema()
    return Game(name=entry.name, title=entry.title, seats=entry.seats, options=options, move=move)
