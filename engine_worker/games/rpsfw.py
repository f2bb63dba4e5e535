"""Rock-paper-scissors-fire-water (KSPOV): fire burns all but water; water drowns fire and nothing else."""

from engine_worker.games.shapes import shapes_game
from schemas.games.rpsfw import Move, Shape, ShapeThrown

BEATS = {
    (Shape.ROCK, Shape.SCISSORS),
    (Shape.SCISSORS, Shape.PAPER),
    (Shape.PAPER, Shape.ROCK),
    (Shape.FIRE, Shape.ROCK),
    (Shape.FIRE, Shape.PAPER),
    (Shape.FIRE, Shape.SCISSORS),
    (Shape.WATER, Shape.FIRE),
    (Shape.ROCK, Shape.WATER),
    (Shape.PAPER, Shape.WATER),
    (Shape.SCISSORS, Shape.WATER),
}

RPSFW = shapes_game("rpsfw", rules=1, shapes=Shape, move=Move, thrown=ShapeThrown, beats=BEATS)
