"""Throwing: rounds, ties, score, and the end as soon as nobody can catch up."""

from collections.abc import Sequence

import pytest

from engine_worker.match import MATCH
from schemas.match import MatchRestarted, Play
from schemas.rejections import Code
from schemas.view import ROUNDS_SHOWN, Round
from schemas.word import Event
from tests.engine_worker.story import (
    ALONE,
    ANN_LEADS,
    ENDED,
    JOINED,
    OVER,
    PAPER,
    PLAYING,
    ROCK,
    SCISSORS,
    TIED,
    ask,
    created,
    ended,
    match,
    opened,
    threw,
    won,
)
from tests.words import ANN, AT, BOB, EVE, throw


def test_the_first_throw_settles_nothing() -> None:
    match(PLAYING, when=ask(throw(ROCK)), then=[threw(0, ROCK)])
    match(PLAYING, when=ask(throw(PAPER), BOB), then=[threw(1, PAPER)])


def test_the_second_throw_settles_the_round_and_opens_the_next() -> None:
    match(
        [*PLAYING, threw(0, ROCK)],
        when=ask(throw(SCISSORS), BOB, AT + 5),
        then=[threw(1, SCISSORS), won(0), opened(2, AT + 5)],
    )


def test_equal_shapes_tie_and_count_for_nobody() -> None:
    tie = [threw(1, ROCK), TIED, opened(2)]
    match([*PLAYING, threw(0, ROCK)], when=ask(throw(ROCK), BOB), then=tie)
    table = MATCH.replay([*PLAYING, threw(0, ROCK), *tie])
    assert table.score == (0, 0)
    assert table.rounds == (Round(moves=("rock", "rock"), winner=None),)


def test_a_match_ends_as_soon_as_nobody_can_catch_up() -> None:
    match(
        [*ANN_LEADS, threw(1, SCISSORS)],
        when=ask(throw(ROCK), ANN, AT + 5),
        then=[threw(0, ROCK), won(0), ended(0, at=AT + 5)],
    )


@pytest.mark.parametrize("best_of", [1, 3, 5, 7, 31])
def test_more_than_half_of_the_rounds_win(best_of: int) -> None:
    needed = best_of // 2 + 1
    won_rounds: list[Event] = []
    for number in range(1, needed):
        won_rounds += [threw(0, ROCK), threw(1, PAPER), won(1), opened(number + 1)]
    given = [created(best_of=best_of), JOINED, opened(), *won_rounds, threw(0, ROCK)]
    match(given, when=ask(throw(PAPER), BOB), then=[threw(1, PAPER), won(1), ended(1)])


def test_ties_go_on_for_ever() -> None:
    ties: list[Event] = []
    for number in range(1, 100):
        ties += [threw(0, ROCK), threw(1, ROCK), TIED, opened(number + 1)]
    table = MATCH.replay([*PLAYING, *ties])
    assert (table.phase, table.round, table.score) == ("playing", 100, (0, 0))
    assert len(table.rounds) == ROUNDS_SHOWN


def test_the_newest_rounds_are_shown() -> None:
    lone: list[Event] = []
    for number in range(1, ROUNDS_SHOWN + 3):
        lone += [threw(0, ROCK if number > 2 else PAPER), threw(1, ROCK), TIED, opened(number + 1)]
    assert all(shown.moves[0] == "rock" for shown in MATCH.replay([*PLAYING, *lone]).rounds)


def test_a_seat_throws_once_a_round() -> None:
    match([*PLAYING, threw(0, ROCK)], when=ask(throw(PAPER)), then=Code.ALREADY_MOVED)


@pytest.mark.parametrize("number", [2, 99])
def test_a_throw_meant_for_a_round_that_is_not_open_yet_is_refused(number: int) -> None:
    match(PLAYING, when=ask(throw(ROCK, number)), then=Code.WRONG_ROUND)


def test_a_throw_meant_for_a_round_that_is_over_is_refused() -> None:
    match(ANN_LEADS, when=ask(throw(ROCK, 1)), then=Code.WRONG_ROUND)
    match(ANN_LEADS, when=ask(throw(ROCK, 2)), then=[threw(0, ROCK)])


@pytest.mark.parametrize(
    "move",
    [{}, {"shape": "fire"}, {"shape": "Rock"}, {"shape": None}, {"shape": "rock", "seat": 1}, {"shape": 2**70}],
)
def test_a_move_the_rules_do_not_know_is_refused(move: dict[str, object]) -> None:
    match(PLAYING, when=ask(Play(move=move)), then=Code.UNKNOWN_MOVE)


def test_a_stranger_cannot_throw() -> None:
    match(PLAYING, when=ask(throw(ROCK), EVE), then=Code.NOT_SEATED)


@pytest.mark.parametrize("given", [ENDED, OVER])
def test_after_the_end_nobody_throws(given: Sequence[Event]) -> None:
    match(given, when=ask(throw(ROCK)), then=Code.ENDED)


def test_the_computer_answers_a_round_with_the_next_one_thrown_already() -> None:
    match(
        ALONE,
        when=ask(throw(PAPER), entropy="f" * 32),
        then=[threw(0, PAPER), won(0), opened(2), threw(1, ROCK)],
    )


@pytest.mark.parametrize("seat", [0, 1])
def test_a_throw_is_secret_until_its_round_is_settled(seat: int) -> None:
    tables = [MATCH.replay([*PLAYING, threw(seat, shape)]) for shape in (ROCK, PAPER, SCISSORS)]
    views = [MATCH.public(table, "m", 1) for table in tables]
    assert views[0] == views[1] == views[2]
    assert views[0]["moved"] == (seat == 0, seat == 1)
    assert [MATCH.private(table) for table in tables] == [
        {str(seat): {"shape": str(shape)}} for shape in (ROCK, PAPER, SCISSORS)
    ]


def test_a_settled_round_is_public_and_nothing_is_private() -> None:
    table = MATCH.replay(ANN_LEADS)
    view = MATCH.public(table, "m", 4)
    assert MATCH.private(table) is None
    assert view["rounds"] == (Round(moves=("rock", "scissors"), winner=0),)
    assert (view["score"], view["round"], view["status"]) == ((1, 0), 2, "playing")
    assert view["deadline"] == "2027-01-15T08:00:30.000Z"


def test_a_restarted_match_has_a_clean_score_and_the_same_table() -> None:
    before, after = MATCH.replay(ENDED), MATCH.replay([*ENDED, MatchRestarted()])
    assert (after.score, after.rounds, after.winner, after.ended_by) == ((0, 0), (), None, None)
    assert (after.seats, after.options, after.game) == (before.seats, before.options, before.game)
