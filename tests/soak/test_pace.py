"""Commands come as fast as what waits stays small."""

from tests.soak.pace import FAR_BEHIND, HIGH, Pace, ceiling


def test_it_quickens_while_little_waits_and_stops_at_its_ceiling() -> None:
    pace = Pace(100, floor=100, ceiling=400)
    rates = [pace.after(10, 0) for _ in range(10)]
    assert rates == sorted(rates)
    assert rates[-1] == 400


def test_it_slows_down_to_its_floor_while_much_waits() -> None:
    pace = Pace(5000, floor=100, ceiling=5000)
    rates = [pace.after(HIGH + 1, 0) for _ in range(20)]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == 100


def test_it_slows_down_when_nobody_knows_or_a_store_is_far_behind() -> None:
    assert Pace(1000, 100, 5000).after(None, 0) < 1000
    assert Pace(1000, 100, 5000).after(0, FAR_BEHIND + 1) < 1000


def test_a_short_run_lasts_as_long_as_it_takes_to_see_all_faults() -> None:
    assert ceiling(20_000, 40, 20_000) == 500
    assert ceiling(1_000_000, 40, 20_000) == 20_000
    assert ceiling(10, 40, 20_000) == 100
