"""Back-off: grows, is bounded, has jitter, ends with the stop."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from infra.backoff import Backoff


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_every_delay_lies_within_its_bounds(attempt: int, chance: float) -> None:
    delay = Backoff(first=0.1, most=5, chance=lambda: chance).delay(attempt)
    whole = min(5, 0.1 * 2 ** min(attempt, 64))
    assert whole / 2 <= delay <= whole


async def test_waits_grow_until_reset() -> None:
    backoff = Backoff(first=0.001, most=0.002)
    assert await backoff.wait()
    assert await backoff.wait()
    assert backoff.attempt == 2
    backoff.reset()
    assert backoff.attempt == 0


async def test_a_stop_ends_the_wait() -> None:
    stop = asyncio.Event()
    stop.set()
    async with asyncio.timeout(1):
        assert not await Backoff(stop, first=60).wait()
