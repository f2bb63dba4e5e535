"""Deadlines wake up once each, early never, and the heap stays as small as the number of matches."""

from hypothesis import given
from hypothesis import strategies as st

from engine_worker.timers import LONGEST_MS, REPEAT_MS, Timers


class Clockwork:
    """Timers with the deadlines that the matches have now."""

    def __init__(self) -> None:
        self.timers, self.standing = Timers(), dict[str, int]()

    def set(self, match: str, deadline: int) -> None:
        self.standing[match] = deadline
        self.timers.arm(match, deadline)

    def due(self, now: int) -> list[tuple[str, int]]:
        return self.timers.due(now, self.standing.get)


def test_a_deadline_is_due_when_it_has_come() -> None:
    clock = Clockwork()
    clock.set("m", 100)
    assert clock.due(99) == []
    assert clock.due(100) == [("m", 100)]


def test_a_reported_deadline_that_still_stands_is_reported_again() -> None:
    clock = Clockwork()
    clock.set("m", 100)
    assert clock.due(100) == [("m", 100)]
    assert clock.due(100 + REPEAT_MS - 1) == []
    assert clock.due(100 + REPEAT_MS) == [("m", 100)]


def test_a_deadline_that_moved_is_due_at_its_new_time_only() -> None:
    clock = Clockwork()
    clock.set("m", 100)
    clock.set("m", 500)
    assert clock.due(100) == []
    assert clock.due(499) == []
    assert clock.due(500) == [("m", 500)]


def test_an_earlier_deadline_takes_the_place_of_a_later_one() -> None:
    clock = Clockwork()
    clock.set("m", 500)
    clock.set("m", 100)
    assert clock.due(100) == [("m", 100)]
    clock.standing.clear()
    assert clock.due(10_000) == []
    assert len(clock.timers) == 0


def test_a_report_that_came_too_early_is_repeated_when_the_broker_says_it_is_time() -> None:
    clock = Clockwork()
    clock.set("m", 100_000)
    assert clock.due(100_000) == [("m", 100_000)]
    clock.timers.put_off("m", 30_000)
    assert clock.due(129_999) == []
    assert clock.due(130_000) == [("m", 100_000)]


def test_an_early_report_is_repeated_every_minute_at_least() -> None:
    clock = Clockwork()
    clock.set("m", 100_000)
    assert clock.due(100_000) == [("m", 100_000)]
    clock.timers.put_off("m", 3_600_000)
    assert clock.due(100_000 + LONGEST_MS) == [("m", 100_000)]


def test_when_the_clock_is_set_right_nothing_that_was_put_off_is_slept_through() -> None:
    """Found by simulation: a clock 40 s ahead was set right, and the next report came 40 s too late."""
    clock = Clockwork()
    clock.set("m", 30_000)
    assert clock.due(43_000) == [("m", 30_000)]
    clock.timers.put_off("m", 27_000)  # the broker's clock says 3,000
    assert clock.due(4_000) == []
    assert clock.due(30_000) == [("m", 30_000)]


def test_a_report_that_was_a_little_early_is_repeated_as_ever() -> None:
    clock = Clockwork()
    clock.set("m", 100)
    assert clock.due(100) == [("m", 100)]
    clock.timers.put_off("m", 3)
    assert clock.due(100 + REPEAT_MS) == [("m", 100)]


def test_a_match_without_a_deadline_is_dropped() -> None:
    clock = Clockwork()
    clock.set("m", 100)
    clock.standing.clear()
    assert clock.due(100) == []
    assert len(clock.timers) == 0


def test_when_the_clock_is_set_back_a_match_without_a_deadline_is_not_armed_again() -> None:
    clock = Clockwork()
    clock.set("m", 50_000)
    clock.set("n", 50_000)
    clock.due(40_000)
    del clock.standing["m"]
    assert clock.due(10_000) == []
    assert clock.due(50_000) == [("n", 50_000)]


def test_matches_are_due_in_the_order_of_their_deadlines() -> None:
    clock = Clockwork()
    for match, deadline in (("c", 30), ("a", 10), ("b", 20)):
        clock.set(match, deadline)
    assert clock.due(25) == [("a", 10), ("b", 20)]


def test_however_often_a_match_moves_it_has_one_entry() -> None:
    clock = Clockwork()
    for deadline in range(100, 10_000, 10):
        clock.set("m", deadline)
    assert len(clock.timers) == 1


steps = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 3000), st.integers(0, 400), st.booleans()), max_size=30
)


@given(steps)
def test_no_standing_deadline_is_slept_through(moves: list[tuple[str, int, int, bool]]) -> None:
    clock, now = Clockwork(), 0
    for match, wait, passing, settle in moves:
        clock.set(match, now + wait)
        now += passing
        for due, deadline in clock.due(now):
            assert deadline == clock.standing[due] <= now
            if settle:
                clock.set(due, now + 700)
    now += 10_000
    passed = dict(clock.due(now))
    assert passed == {match: at for match, at in clock.standing.items() if at <= now}
