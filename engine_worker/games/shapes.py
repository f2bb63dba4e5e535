"""Games in which both seats throw one shape at once and a table says which beats which."""

from collections.abc import Callable, Collection, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any

from orjson import JSONEncodeError, dumps
from pydantic import TypeAdapter, ValidationError

from engine_worker.decider import Game
from schemas.word import Event, Seat

SEATS = (0, 1)


def shapes_game(
    name: str,
    rules: int,
    shapes: type[StrEnum],
    move: type[Any],
    thrown: Callable[..., Event],
    beats: Collection[tuple[str, str]],
) -> Game:
    """A game from its words and its table; `beats` holds (stronger, weaker) pairs."""
    adapter = TypeAdapter(move)
    events: list[dict[str, Event]] = [
        {shape: thrown(seat=seat, shape=shape) for shape in shapes} for seat in SEATS
    ]
    in_order = tuple(shapes)

    @lru_cache(maxsize=64)
    def known(seat: Seat, raw: bytes) -> Event | None:
        try:
            return events[seat][adapter.validate_json(raw).shape]
        except ValidationError:
            return None

    def throw(seat: Seat, raw: Any) -> Event | None:
        if type(raw) is dict and len(raw) == 1 and type(shape := raw.get("shape")) is str:
            return events[seat].get(shape)
        try:
            return known(seat, dumps(raw))  # few moves differ, so most are validated once
        except JSONEncodeError:  # an integer of more than 64 bits, or the like: no shape
            return None

    def choose(seat: Seat, entropy: int) -> Event:
        return events[seat][in_order[entropy % len(in_order)]]

    def winner(moves: Sequence[str]) -> Seat | None:
        first, second = moves
        if first == second:
            return None
        return 0 if (first, second) in beats else 1

    return Game(name, rules, throw, choose, winner)
