"""A figure stands beside its floor; a miss is shown, and a void run claims nothing."""

from io import StringIO

from rich.console import Console

from bench.figures import Figure, Report, at_least, at_most, table

FAST = Figure("a", "fast", 2.0, "ms", 1.0, "raw", **at_most(4, 2.0))
SLOW = Figure("b", "slow", 10.0, "/s", 100.0, "loop", **at_least(50, 10.0))
VOID = Figure("c", "unknown", 1.0, "ms", void="slip p99 9.0 ms", **at_most(4, 1.0))


def printed(*figures: Figure) -> str:
    out = StringIO()
    Console(file=out, width=200).print(table(figures))
    return out.getvalue()


def test_the_ratio_is_to_the_floor() -> None:
    assert FAST.ratio == 2.0
    assert "2.00x" in printed(FAST)


def test_a_miss_is_shown_and_counted() -> None:
    assert "not met" in printed(SLOW)
    assert Report([FAST, SLOW]).missed == [SLOW]


def test_a_void_run_claims_nothing() -> None:
    assert VOID.document()["met"] is None
    assert "void: slip p99 9.0 ms" in printed(VOID)
    assert Report([VOID]).missed == [VOID]
