"""Rock-paper-scissors (KSP). To add a game of shapes, copy this file and its words."""

from engine_worker.games.shapes import shapes_game
from schemas.games.rps import Move, Shape, ShapeThrown

BEATS = {
    (Shape.ROCK, Shape.SCISSORS),
    (Shape.SCISSORS, Shape.PAPER),
    (Shape.PAPER, Shape.ROCK),
}

RPS = shapes_game("rps", rules=1, shapes=Shape, move=Move, thrown=ShapeThrown, beats=BEATS)
