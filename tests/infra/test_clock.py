"""Clocks."""

import time

from infra.clock import ManualClock, SystemClock


def test_the_system_clock_tells_milliseconds() -> None:
    assert abs(SystemClock().now_ms() - time.time() * 1000) < 1000


def test_a_manual_clock_moves_when_told() -> None:
    clock = ManualClock(1000)
    clock.advance(1.5)
    assert (clock.now_ms(), clock.monotonic()) == (2500, 2.5)
