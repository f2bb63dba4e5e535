"""One partition of a follower: what it hands on before and after its saved position was compared with the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from infra.kafka.lanes import (
    NEARLY,
    TOGETHER,
    WINDOW,
    Lane,
    Refused,
    Stage,
    halves,
    in_turn,
    may_start,
    next_turn,
    refuse_headless,
)


@dataclass
class State:
    next: int
    ready: bool = True


@dataclass
class Numbered:
    offset: int


def records(first: int, end: int) -> list[Numbered]:
    return [Numbered(offset) for offset in range(first, end)]


def offsets(taken: Sequence[Any]) -> list[int]:
    return [record.offset for record in taken]


def answer(verdict: bool | None) -> Any:
    return lambda state, window: verdict


def test_a_saved_position_is_compared_with_the_records_before_it() -> None:
    lane: Lane[State] = Lane(0)
    assert lane.resume(State(100), begin=0, end=105) == 100 - WINDOW
    assert lane.take(records(36, 90), answer(True)) == ((), None)
    assert offsets(lane.take(records(90, 105), answer(True))[0]) == [100, 101, 102, 103, 104]
    assert lane.settled


def test_a_window_that_does_not_suffice_is_widened() -> None:
    lane: Lane[State] = Lane(0)
    first = lane.resume(State(10_000), begin=0, end=10_000)
    _, position = lane.take(records(first, 10_000), answer(None))
    assert position is not None
    assert 0 < position < first
    _, position = lane.take(records(position, 10_000), answer(True))
    assert (position, lane.stage) == (None, Stage.FLOWING)


def test_a_log_that_says_nothing_up_to_its_beginning_is_another_one() -> None:
    lane: Lane[State] = Lane(0)
    lane.resume(State(10), begin=0, end=10)
    assert lane.take(records(0, 10), answer(None)) == ((), None)
    assert lane.stage is Stage.VOID


def test_a_difference_hands_nothing_on() -> None:
    lane: Lane[State] = Lane(0)
    lane.resume(State(10), begin=0, end=20)
    assert lane.take(records(0, 20), answer(False)) == ((), None)
    assert lane.stage is Stage.VOID
    assert lane.take(records(20, 30), answer(True)) == ((), None)


def test_records_from_elsewhere_are_not_handed_on() -> None:
    lane: Lane[State] = Lane(0)
    lane.start(State(0))
    assert lane.take(records(5, 8), answer(True)) == ((), 0)
    assert offsets(lane.take(records(0, 3), answer(True))[0]) == [0, 1, 2]


def test_a_lane_that_waits_hands_nothing_on() -> None:
    lane: Lane[State] = Lane(0)
    lane.start(State(0))
    lane.wait(now=5.0)
    assert lane.take(records(0, 3), answer(True)) == ((), None)


def test_a_lane_whose_store_is_still_being_filled_is_not_settled() -> None:
    lane: Lane[State] = Lane(0)
    lane.start(State(0, ready=False))
    assert not lane.settled


@pytest.mark.parametrize(("begin", "end", "words"), [(0, 9, "ends at 9"), (11, 20, "starts at 11")])
def test_a_log_without_the_saved_position_is_refused(begin: int, end: int, words: str) -> None:
    lane: Lane[State] = Lane(3)
    with pytest.raises(Refused, match=words):
        lane.resume(State(10), begin, end)


def test_a_log_without_its_head_is_refused_where_nothing_is_saved() -> None:
    with pytest.raises(Refused, match="starts at 1"):
        refuse_headless(3, 1)
    refuse_headless(3, 0)


def test_a_batch_is_halved_until_one_record_stands_alone() -> None:
    assert halves({0: records(0, 2), 1: records(0, 1)}) == [{0: records(0, 2)}, {1: records(0, 1)}]
    assert halves({0: records(0, 3)}) == [{0: records(0, 1)}, {0: records(1, 3)}]


def test_records_from_elsewhere_than_asked_for_are_asked_for_again_while_comparing() -> None:
    """Found by simulation (seed 5734): a reader whose consumer had skipped what it wanted waited for ever."""
    lane: Lane[State] = Lane(0)
    assert lane.resume(State(2), begin=0, end=4) == 0
    assert lane.take(records(2, 4), answer(True)) == ((), 0)
    assert lane.take(records(0, 1), answer(True)) == ((), None)
    assert lane.take(records(3, 4), answer(True)) == ((), 0)
    assert offsets(lane.take(records(0, 4), answer(True))[0]) == [2, 3]


def building(goal: int, next_: int) -> Lane[Any]:
    lane: Lane[Any] = Lane(0)
    lane.start(State(next_, next_ >= goal), goal)
    return lane


def test_long_partitions_are_built_one_after_the_other_and_short_ones_together() -> None:
    assert may_start([], TOGETHER * 5)
    assert not may_start([building(TOGETHER, 0)], 1)
    assert may_start([building(TOGETHER * 5, TOGETHER * 5 - NEARLY)], TOGETHER * 5)
    assert may_start([building(TOGETHER, TOGETHER // 2)], TOGETHER // 2)
    assert may_start([building(TOGETHER, TOGETHER)], TOGETHER)


def test_who_waits_for_its_turn_may_ask_again_when_little_is_left_of_what_is_being_built() -> None:
    waiting: Lane[Any] = Lane(1)
    waiting.queue((0, 7))
    next_turn([building(NEARLY + 2, 1), waiting])
    assert waiting.queued
    next_turn([building(NEARLY + 2, 2), waiting])
    assert not waiting.queued
    assert waiting.bounds == (0, 7)
    waiting.wait(0.0)
    assert waiting.bounds is None


def built(partition: int, lost_at: float, built_at: float) -> Lane[State]:
    lane: Lane[State] = Lane(partition)
    lane.start(State(0, ready=False), goal=9)
    lane.done(State(9), timestamp=0, now=built_at)
    lane.wait(lost_at)
    return lane


def test_given_an_emptied_store_then_the_partition_that_was_built_last_is_built_first() -> None:
    lanes = [built(number, lost_at=60.0, built_at=float(number)) for number in range(4)]
    assert [lane.partition for lane in in_turn(lanes)] == [3, 2, 1, 0]


def test_given_a_store_emptied_again_then_those_it_has_not_shown_since_come_first() -> None:
    lanes = [built(number, lost_at=60.0, built_at=float(number)) for number in range(4)]
    for lane in lanes[2:]:
        lane.start(State(0, ready=False), goal=9)
        lane.done(State(9), timestamp=0, now=70.0 - lane.partition)
    for lane in lanes:
        lane.wait(120.0)
    assert [lane.partition for lane in in_turn(lanes)] == [1, 0, 2, 3]


def test_a_lane_that_is_put_off_twice_was_lost_the_first_time() -> None:
    lane = built(0, lost_at=60.0, built_at=1.0)
    lane.wait(61.0)
    assert lane.lost_at == 60.0
