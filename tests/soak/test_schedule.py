"""Blows are drawn from a seed, spare nobody and stay within their bounds."""

from itertools import islice, pairwise

from tests.soak.schedule import KINDS, STALLED, WAYS, Blow, blows

MANY = 40 * len(KINDS)


def drawn(seed: int, count: int = MANY) -> list[Blow]:
    return [*islice(blows(seed), count)]


def test_the_same_seed_deals_the_same_blows() -> None:
    assert drawn(3) == drawn(3)
    assert drawn(3) != drawn(4)


def test_every_process_is_struck_before_any_is_struck_again() -> None:
    found = drawn(1)
    for first in range(0, MANY, len(KINDS)):
        assert {blow.target for blow in found[first : first + len(KINDS)]} == set(KINDS)


def test_every_process_suffers_everything() -> None:
    found = drawn(1, len(KINDS) * len(WAYS))
    assert {(blow.target, blow.how) for blow in found} == {(target, how) for target in KINDS for how in WAYS}


def test_stalls_are_under_or_over_every_time_out() -> None:
    for blow in drawn(2):
        if blow.how == "paused":
            assert blow.seconds <= 1.0
        if blow.how == "stalled":
            assert blow.seconds >= STALLED.get(blow.target, (2.5,))[0]
        assert (blow.seconds == 0) == (blow.how == "restarted")


def test_blows_that_fall_together_strike_different_processes() -> None:
    found = drawn(5)
    pairs = [(one, other) for one, other in pairwise(found) if one.with_next]
    assert pairs
    assert all(one.target != other.target for one, other in pairs)
