"""The words of rock-paper-scissors-fire-water (KSPOV)."""

from enum import StrEnum
from typing import ClassVar, Literal

from schemas.word import Event, Seat, word


class Shape(StrEnum):
    ROCK = "rock"
    PAPER = "paper"
    SCISSORS = "scissors"
    FIRE = "fire"
    WATER = "water"


@word
class Move:
    """What a player sends as `move`, and sees as `mine` until the round is settled."""

    shape: Shape


@word
class ShapeThrown(Event):
    """A seat has thrown; which shape is secret until the round ends."""

    secret: ClassVar[bool] = True
    type: Literal["rpsfw.shape-thrown.v1"] = "rpsfw.shape-thrown.v1"
    seat: Seat
    shape: Shape
