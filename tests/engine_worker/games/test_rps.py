"""The rules of rock-paper-scissors (KSP), one sentence a test."""

from collections import Counter
from itertools import product

import pytest

from engine_worker.games.rps import RPS
from schemas.games.rps import Shape, ShapeThrown

ROCK, PAPER, SCISSORS = Shape


def test_rock_blunts_scissors() -> None:
    assert RPS.winner([ROCK, SCISSORS]) == 0


def test_scissors_cut_paper() -> None:
    assert RPS.winner([SCISSORS, PAPER]) == 0


def test_paper_wraps_rock() -> None:
    assert RPS.winner([PAPER, ROCK]) == 0


@pytest.mark.parametrize("shape", Shape)
def test_equal_shapes_tie(shape: Shape) -> None:
    assert RPS.winner([shape, shape]) is None


@pytest.mark.parametrize(("first", "second"), [pair for pair in product(Shape, Shape) if pair[0] != pair[1]])
def test_what_the_first_seat_wins_the_second_wins_with_seats_exchanged(first: Shape, second: Shape) -> None:
    assert {RPS.winner([first, second]), RPS.winner([second, first])} == {0, 1}


@pytest.mark.parametrize("shape", Shape)
def test_a_shape_is_thrown_by_its_name(shape: Shape) -> None:
    assert RPS.throw(1, {"shape": str(shape)}) == ShapeThrown(seat=1, shape=shape)


@pytest.mark.parametrize(
    "move", [{}, {"shape": "water"}, {"shape": "ROCK"}, {"shape": 1}, {"shape": ["rock"]}, [], None]
)
def test_other_moves_are_unknown(move: object) -> None:
    assert RPS.throw(0, move) is None


def test_the_computer_throws_each_shape_equally_often() -> None:
    thrown = Counter(str(RPS.choose(1, entropy).shape) for entropy in range(300))  # type: ignore[attr-defined]
    assert thrown == {str(shape): 100 for shape in Shape}
