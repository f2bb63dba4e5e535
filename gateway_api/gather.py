"""When many commands come, they go to the log together.

Each request to Kafka costs five processes as much as ten commands, so under load a hold of a few milliseconds buys
more than it costs; with few commands nothing is held. Redis says meanwhile whether a command's result is known:
waiting for that first took two more turns of the event loop, which are 10 to 40 ms long where cores are full.
"""

import asyncio
from collections.abc import Callable

BUSY_PER_SECOND = 500  # nothing is held below
FULL_PER_SECOND = 750
HOLD_SECONDS = 0.020  # from there on; in between the more, the more come
WINDOW_SECONDS = 0.2


def hold(rate: float) -> float:
    """Seconds for which a command is held when `rate` come a second."""
    share = (rate - BUSY_PER_SECOND) / (FULL_PER_SECOND - BUSY_PER_SECOND)
    return HOLD_SECONDS * min(1.0, max(0.0, share))


class Rate:
    """How many came a second in the last whole window; pure."""

    def __init__(self, window: float = WINDOW_SECONDS) -> None:
        self._window, self._begun, self._count, self._last = window, 0.0, 0, 0.0

    def count(self, now: float) -> float:
        """Count one at monotonic `now`; the rate before it."""
        passed = now - self._begun
        if passed >= self._window:
            self._last, self._begun, self._count = self._count / passed, now, 0
        self._count += 1
        return self._last


class Gather:
    """`together` returns at once, or with all that came while the first of them was held.

    What comes in a burst is not held longer than until it is as much as a hold brings at this rate.
    """

    def __init__(self, hold: Callable[[float], float] = hold, rate: Rate | None = None) -> None:
        self._hold, self._rate = hold, rate or Rate()
        self._held: list[asyncio.Future[None]] = []
        self._end: asyncio.TimerHandle | None = None

    async def together(self) -> None:
        loop = asyncio.get_running_loop()
        rate = self._rate.count(loop.time())
        seconds = self._hold(rate)
        if not seconds:
            return
        held: asyncio.Future[None] = loop.create_future()
        self._held.append(held)
        if self._end is None:
            self._end = loop.call_later(seconds, self._release)
        if len(self._held) >= rate * seconds:
            self._release()
        await held

    def _release(self) -> None:
        held, self._held = self._held, []
        if self._end is not None:
            self._end.cancel()
            self._end = None
        for one in held:
            if not one.done():
                one.set_result(None)
