"""Resigning, and playing again at the same table."""

from collections.abc import Sequence

import pytest

from schemas.match import MatchRestarted, Rematch, Resign
from schemas.rejections import Code
from schemas.word import Event
from tests.engine_worker.story import (
    ALONE,
    ANN_LEADS,
    ENDED,
    OVER,
    PAPER,
    PLAYING,
    ROCK,
    WINDOW,
    ask,
    asked,
    ended,
    match,
    opened,
    threw,
)
from tests.words import ANN, AT, BOB, EVE


@pytest.mark.parametrize("given", [PLAYING, ANN_LEADS, [*PLAYING, threw(0, ROCK)]])
def test_who_resigns_loses(given: Sequence[Event]) -> None:
    match(given, ask(Resign(), ANN, AT + 3), then=[ended(1, "resignation", AT + 3)])
    match(given, ask(Resign(), BOB, AT + 3), then=[ended(0, "resignation", AT + 3)])


def test_against_the_computer_one_may_resign_too() -> None:
    match(ALONE, ask(Resign()), then=[ended(1, "resignation")])


@pytest.mark.parametrize("given", [ENDED, OVER])
def test_nobody_resigns_after_the_end(given: Sequence[Event]) -> None:
    match(given, ask(Resign()), then=Code.ENDED)
    match(given, ask(Resign(), EVE), then=Code.NOT_SEATED)


def test_a_rematch_needs_both() -> None:
    match(ENDED, ask(Rematch()), then=[asked(0)])
    match(
        [*ENDED, asked(0)],
        ask(Rematch(), BOB, AT + 9),
        then=[asked(1), MatchRestarted(), opened(1, AT + 9)],
    )


def test_the_computer_agrees_to_a_rematch_at_once() -> None:
    given = [*ALONE, threw(0, PAPER), ended(0)]
    match(given, ask(Rematch()), then=[asked(0), MatchRestarted(), opened(), threw(1, ROCK)])


def test_a_rematch_may_be_asked_for_until_the_window_closes() -> None:
    match(ENDED, ask(Rematch(), BOB, AT + WINDOW - 1), then=[asked(1)])


def test_one_cannot_agree_with_oneself() -> None:
    match([*ENDED, asked(0)], ask(Rematch()), then=Code.ALREADY_ASKED)


def test_while_a_match_runs_there_is_no_rematch() -> None:
    match(PLAYING, ask(Rematch()), then=Code.NO_REMATCH)


def test_after_the_window_there_is_no_rematch() -> None:
    match(OVER, ask(Rematch()), then=Code.ENDED)


@pytest.mark.parametrize("given", [PLAYING, ENDED, OVER])
def test_a_stranger_asks_in_vain(given: Sequence[Event]) -> None:
    match(given, ask(Rematch(), EVE), then=Code.NOT_SEATED)


def test_a_second_match_at_the_table_can_be_rematched_again() -> None:
    again = [*ENDED, asked(0), asked(1), MatchRestarted(), opened(), ended(0, "resignation")]
    match(again, ask(Rematch(), BOB), then=[asked(1)])
