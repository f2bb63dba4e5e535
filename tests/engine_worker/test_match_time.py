"""What the passing of a deadline decides, whoever's command brings it to light."""

from collections.abc import Sequence
from typing import Any

import pytest

from schemas.match import Join, MatchEnded, Rematch, Resign, TimeElapsed
from schemas.rejections import Code
from schemas.word import Event
from tests.engine_worker.story import (
    ALONE,
    ANN_LEADS,
    CLOSED,
    ENDED,
    HOUR,
    MOVE,
    OVER,
    PAPER,
    PLAYING,
    ROCK,
    SCISSORS,
    WAITING,
    WINDOW,
    ask,
    asked,
    created,
    ended,
    match,
    missed_by_both,
    opened,
    threw,
    won,
)
from tests.words import ANN, AT, BOB, EVE, throw

LATE = AT + MOVE
MUCH_LATER = AT + 10 * HOUR
EXPIRED = MatchEnded(winner=None, by="time", deadline=None)


def timer(deadline: int, at: int) -> Any:
    return ask(TimeElapsed(deadline=deadline), "timer", at)


def missed_rounds(count: int, *seats: int) -> list[Event]:
    """A running match in which these seats have missed this many rounds in a row; the other one threw rock."""
    events: list[Event] = [created(best_of=9), *PLAYING[1:]]
    for number in range(1, count + 1):
        thrown = [threw(seat, ROCK) for seat in (0, 1) if seat not in seats]
        lost = missed_by_both() if len(seats) == 2 else won(1 - seats[0], *seats)
        events += [*thrown, lost, opened(number + 1)]
    return events


def test_who_alone_threw_wins_the_round() -> None:
    match([*PLAYING, threw(0, ROCK)], timer(LATE, LATE), then=[won(0, 1), opened(2, LATE)])
    match([*PLAYING, threw(1, ROCK)], timer(LATE, LATE), then=[won(1, 0), opened(2, LATE)])


def test_when_nobody_threw_both_missed_and_the_round_is_tied() -> None:
    match(PLAYING, timer(LATE, LATE), then=[missed_by_both(), opened(2, LATE)])


def test_the_next_round_opens_when_the_time_out_is_noticed() -> None:
    match(PLAYING, timer(LATE, MUCH_LATER), then=[missed_by_both(), opened(2, MUCH_LATER)])


def test_a_round_won_on_time_may_win_the_match() -> None:
    match([*ANN_LEADS, threw(0, ROCK)], timer(LATE, LATE), then=[won(0, 1), ended(0, at=LATE)])


def test_three_misses_in_a_row_lose_the_match() -> None:
    given = [*missed_rounds(2, 1), threw(0, ROCK)]
    match(given, timer(LATE, LATE), then=[won(0, 1), ended(0, "time", LATE)])


def test_three_misses_by_both_at_once_end_it_without_a_winner() -> None:
    match(missed_rounds(2, 0, 1), timer(LATE, LATE), then=[missed_by_both(), ended(None, "time", LATE)])


def test_a_throw_in_between_forgives_earlier_misses() -> None:
    thrown = [threw(0, ROCK), threw(1, PAPER), won(1), opened(4)]
    given = [*missed_rounds(2, 1), *thrown, threw(0, ROCK)]
    match(given, timer(LATE, LATE), then=[won(0, 1), opened(5, LATE)])


def test_misses_are_counted_by_seat() -> None:
    given = [*missed_rounds(2, 0), threw(0, ROCK)]
    match(given, timer(LATE, LATE), then=[won(0, 1), opened(4, LATE)])


def test_against_the_computer_who_misses_loses_the_round() -> None:
    match(ALONE, timer(LATE, LATE), then=[won(1, 0), opened(2, LATE), threw(1, ROCK)])


def test_a_late_throw_does_not_count_but_settles_the_round() -> None:
    settled = [won(1, 0), opened(2, LATE)]
    match([*PLAYING, threw(1, PAPER)], ask(throw(ROCK), ANN, LATE), then=Code.TOO_LATE, settled=settled)


def test_a_throw_in_the_last_millisecond_counts() -> None:
    match(
        [*PLAYING, threw(1, PAPER)],
        ask(throw(SCISSORS), ANN, LATE - 1),
        then=[threw(0, SCISSORS), won(0), opened(2, LATE - 1)],
    )


def test_a_late_throw_may_find_that_the_match_is_lost() -> None:
    given = missed_rounds(2, 0, 1)
    settled = [missed_by_both(), ended(None, "time", LATE)]
    match(given, ask(throw(ROCK), ANN, LATE), then=Code.TOO_LATE, settled=settled)


def test_a_strangers_late_throw_settles_the_round_too() -> None:
    settled = [missed_by_both(), opened(2, LATE)]
    match(PLAYING, ask(throw(ROCK), EVE, LATE), then=Code.NOT_SEATED, settled=settled)


def test_a_late_throw_after_the_rematch_window_finds_the_end() -> None:
    match(ENDED, ask(throw(ROCK), ANN, AT + WINDOW), then=Code.ENDED, settled=[CLOSED])


def test_resigning_late_settles_the_round_and_resigns_the_match() -> None:
    then = [missed_by_both(), opened(2, LATE), ended(1, "resignation", LATE)]
    match(PLAYING, ask(Resign(), ANN, LATE), then=then)


def test_resigning_when_time_has_already_ended_the_match_is_refused() -> None:
    settled = [missed_by_both(), ended(None, "time", LATE)]
    match(missed_rounds(2, 0, 1), ask(Resign(), ANN, LATE), then=Code.ENDED, settled=settled)


def test_a_late_join_of_a_running_match_settles_the_round() -> None:
    settled = [missed_by_both(), opened(2, LATE)]
    match(PLAYING, ask(Join(), EVE, LATE), then=Code.MATCH_FULL, settled=settled)


def test_a_match_nobody_joined_expires() -> None:
    match(WAITING, timer(AT + HOUR, AT + HOUR), then=[EXPIRED, CLOSED])
    match(WAITING, ask(Resign(), ANN, AT + HOUR), then=Code.ENDED, settled=[EXPIRED, CLOSED])


def test_after_the_rematch_window_a_match_is_closed() -> None:
    match(ENDED, timer(AT + WINDOW, AT + WINDOW), then=[CLOSED])
    match([*ENDED, asked(0)], timer(AT + WINDOW, AT + WINDOW), then=[CLOSED])


def test_a_late_rematch_closes_the_match_instead() -> None:
    match([*ENDED, asked(0)], ask(Rematch(), BOB, AT + WINDOW), then=Code.ENDED, settled=[CLOSED])


@pytest.mark.parametrize(("given", "deadline"), [(WAITING, AT + HOUR), (PLAYING, LATE), (ENDED, AT + WINDOW)])
def test_a_timer_that_ran_ahead_is_too_early(given: Sequence[Event], deadline: int) -> None:
    match(given, timer(deadline, deadline - 1), then=Code.TOO_EARLY)


@pytest.mark.parametrize("given", [PLAYING, OVER])
def test_a_timer_for_a_deadline_that_no_longer_stands_is_stale(given: Sequence[Event]) -> None:
    match(given, timer(AT + HOUR, LATE - 1), then=Code.STALE)


def test_a_stale_timer_behind_the_deadline_settles_the_round_all_the_same() -> None:
    settled = [missed_by_both(), opened(2, LATE)]
    match(PLAYING, timer(AT, LATE), then=Code.STALE, settled=settled)
