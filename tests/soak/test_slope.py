"""What leaks is told from what is flat, in each process's longest life."""

from tests.soak.slope import Sample, Slope, longest_life, slopes

MB = 2**20


def of(values: list[int], measure: str, life: int = 0, first: int = 1) -> list[Sample]:
    return [Sample("one", cycle, life, **{measure: value}) for cycle, value in enumerate(values, start=first)]


def only(samples: list[Sample]) -> Slope:
    [found] = slopes(samples)
    return found


def test_one_more_descriptor_a_cycle_is_a_leak() -> None:
    assert only(of([*range(20, 60)], "descriptors")).flat is False


def test_a_descriptor_that_is_open_for_a_moment_is_none() -> None:
    assert only(of([20, 20, 20, 21, 20, 20, 20, 20, 20, 22, 20, 20], "descriptors")).flat is True


def test_one_subscription_left_behind_is_a_leak() -> None:
    assert only(of([3] * 20 + [4] * 20, "subscriptions")).flat is False


def test_memory_may_rise_by_five_megabytes_and_no_more() -> None:
    assert only(of([50 * MB] * 20 + [54 * MB] * 20, "memory")).flat is True
    assert only(of([50 * MB] * 20 + [56 * MB] * 20, "memory")).flat is False
    assert only(of([400 * MB] * 20 + [419 * MB] * 20, "memory")).flat is True


def test_the_first_quarter_is_warming_up() -> None:
    assert only(of([10 * MB] * 10 + [60 * MB] * 30, "memory")).flat is True


def test_few_samples_show_what_leaks_with_every_cycle_and_forgive_what_is_open_now_and_then() -> None:
    assert only(of([19, 20, 21, 22, 23, 24], "descriptors")).flat is False
    assert only(of([19, 18, 18, 18, 18, 19], "descriptors")).flat is True
    assert only(of([18, 18, 18, 18, 18, 19], "descriptors")).flat is True


def test_too_few_samples_say_nothing() -> None:
    assert only(of([1, 2, 3], "descriptors")).flat is None
    assert only(of([50 * MB, 90 * MB, 130 * MB, 170 * MB], "memory")).flat is None


def test_what_is_lenient_is_told_and_not_judged() -> None:
    [found] = slopes(of([*range(40)], "descriptors"), lenient=frozenset({("one", "descriptors")}))
    assert found.flat is None
    assert found.late > found.early


def test_what_is_opened_late_may_rise_once_and_no_further() -> None:
    later = {("one", "descriptors"): 4}
    [found] = slopes(of([19] * 20 + [23] * 20, "descriptors"), later=later)
    assert found.flat is True
    [found] = slopes(of([19] * 20 + [24] * 20, "descriptors"), later=later)
    assert found.flat is False


def test_only_one_life_is_compared_with_itself() -> None:
    samples = of([10] * 5, "descriptors", life=0) + of([30] * 12, "descriptors", life=1, first=6)
    assert len(longest_life(samples)) == 12
    assert only(samples).flat is True
