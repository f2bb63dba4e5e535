"""Quantiles by nearest rank."""

from playlog.quantiles import quantiles


def test_the_p99_of_a_hundred_values_is_the_99th() -> None:
    found = quantiles(float(n) for n in range(100, 0, -1))
    assert found is not None
    assert found == (100, 50.0, 90.0, 99.0, 100.0)


def test_one_value_is_all_of_them_and_none_is_nothing() -> None:
    assert quantiles([2.0]) == (1, 2.0, 2.0, 2.0, 2.0)
    assert quantiles([]) is None
