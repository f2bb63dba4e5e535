"""The open loop begins everything once, in order, and tells how late it was."""

import asyncio
from itertools import pairwise
from random import Random

import pytest

from bench.pace import constant, open_loop, poisson, void


def test_a_constant_schedule_is_even() -> None:
    assert constant(4, 1) == [0, 0.25, 0.5, 0.75]


def test_a_poisson_schedule_rises_and_keeps_its_rate_on_average() -> None:
    found = poisson(1000, 10, Random(1))
    assert found == sorted(found)
    assert len(found) == pytest.approx(10_000, rel=0.05)


async def test_everything_is_begun_in_order_even_when_the_loop_was_late() -> None:
    begun: list[tuple[int, float]] = []

    def begin(index: int, intended: float) -> None:
        if index == 5:
            asyncio.get_running_loop().call_soon(spin)
        begun.append((index, intended))

    def spin() -> None:
        until = asyncio.get_running_loop().time() + 0.03
        while asyncio.get_running_loop().time() < until:
            pass

    slips = await open_loop(constant(500, 0.1), begin)
    assert [index for index, _ in begun] == list(range(50))
    gaps = {round(later - earlier, 6) for (_, earlier), (_, later) in pairwise(begun)}
    assert gaps == {0.002}
    assert max(slips) > 0.02


def test_a_run_whose_sends_were_late_is_void() -> None:
    assert void([0.001] * 100) == ""
    assert void([0.001] * 90 + [0.01] * 10) == "slip p99 10.0 ms"
