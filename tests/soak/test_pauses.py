"""Distributions of pauses add up, and each pause is laid at the right door."""

from collections import Counter

import pytest

from tests.soak.pauses import QUIET, SHADOW_MS, Pauses, Struck, blamed, percentile, together

FAULTS = [
    Struck(1000, "engine away", 2000),
    Struck(5000, "kafka stalled", 9000),
    Struck(8000, "auth paused", 8100),
]


def test_a_percentile_is_the_smallest_value_that_covers_its_share() -> None:
    counts = Counter({1: 98, 50: 1, 900: 1})
    assert [percentile(counts, share) for share in (0.5, 0.98, 0.99, 0.999, 1.0)] == [1, 1, 50, 900, 900]
    assert percentile(Counter(), 0.5) == 0


@pytest.mark.parametrize(
    ("began", "ended", "kind"),
    [
        (900, 2500, "engine away"),  # it fell into the wait
        (900, 6000, "engine away"),  # the first one did
        (2000, 3000, "engine away"),  # it was over, but had effects
        (4990, 5000, "kafka stalled"),
        (7000, 8500, "kafka stalled"),  # it was not over
        (8500, 8600, "kafka stalled"),
        (9500, 9600, "auth paused"),
        (6000, 6001, "kafka stalled"),
        (100, 200, QUIET),
        (8001 + SHADOW_MS, 9000 + SHADOW_MS, QUIET),
    ],
)
def test_a_pause_is_laid_at_the_door_of(began: int, ended: int, kind: str) -> None:
    assert blamed(began, ended, FAULTS) == kind


def test_pauses_of_parts_add_up() -> None:
    one, other = Pauses(), Pauses()
    one.add(990, 1200, FAULTS)
    other.add(995, 2400, FAULTS)
    other.add(10, 5, FAULTS)  # two clocks that differ by a little
    found = together([one, other]).document()
    assert found["commands"] == 3
    assert (found["p50"], found["max"]) == (0.21, 1.405)
    assert found["longest by kind of fault"] == {"engine away": 1.405, QUIET: 0.0}
