"""The rules of rock-paper-scissors-fire-water (KSPOV): the whole table, as a person would write it down."""

from collections import Counter
from itertools import product

import pytest

from engine_worker.games.rpsfw import RPSFW
from schemas.games.rpsfw import Shape, ShapeThrown

# the row's shape against the column's: + wins, - loses, = ties
TABLE = """
          rock paper scissors fire water
rock       =     -      +      -     +
paper      +     =      -      -     +
scissors   -     +      =      -     +
fire       +     +      +      =     -
water      -     -      -      +     =
"""
HEAD, *ROWS = (line.split() for line in TABLE.strip().splitlines())
CELLS = [(row[0], column, sign) for row in ROWS for column, sign in zip(HEAD, row[1:], strict=True)]


@pytest.mark.parametrize(("first", "second", "sign"), CELLS)
def test_every_pair_of_shapes_ends_as_the_table_says(first: str, second: str, sign: str) -> None:
    assert RPSFW.winner([Shape(first), Shape(second)]) == {"+": 0, "-": 1, "=": None}[sign]
    assert RPSFW.winner([first, second]) == {"+": 0, "-": 1, "=": None}[sign]


def test_the_table_knows_every_pair() -> None:
    assert {(first, second) for first, second, _ in CELLS} == set(product(map(str, Shape), repeat=2))


def test_water_beats_only_fire() -> None:
    assert [shape for shape in Shape if RPSFW.winner(["water", shape]) == 0] == [Shape.FIRE]


def test_a_shape_is_thrown_by_its_name() -> None:
    assert RPSFW.throw(0, {"shape": "fire"}) == ShapeThrown(seat=0, shape=Shape.FIRE)
    assert RPSFW.throw(0, {"shape": "lava"}) is None


def test_the_computer_throws_each_shape_equally_often() -> None:
    thrown = Counter(str(RPSFW.choose(1, entropy).shape) for entropy in range(500))  # type: ignore[attr-defined]
    assert thrown == {str(shape): 100 for shape in Shape}
