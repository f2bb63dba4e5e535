"""The words of rock-paper-scissors (KSP)."""

from enum import StrEnum
from typing import ClassVar, Literal

from schemas.word import Event, Seat, word


class Shape(StrEnum):
    ROCK = "rock"
    PAPER = "paper"
    SCISSORS = "scissors"


@word
class Move:
    """What a player sends as `move`, and sees as `mine` until the round is settled."""

    shape: Shape


@word
class ShapeThrown(Event):
    """A seat has thrown; which shape is secret until the round ends."""

    secret: ClassVar[bool] = True
    type: Literal["rps.shape-thrown.v1"] = "rps.shape-thrown.v1"
    seat: Seat
    shape: Shape
