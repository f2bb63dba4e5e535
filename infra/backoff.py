"""Bounded exponential back-off with jitter, which a stop request interrupts."""

import asyncio
import random
from collections.abc import Callable


class Backoff:
    """The waits between attempts to reach something that is away.

    The n-th wait is drawn from [half, whole] of `first * factor**n`, at most `most` seconds, so that
    many workers do not return at the same instant (AWS Architecture Blog, "Exponential Backoff And Jitter").
    """

    def __init__(
        self,
        stop: asyncio.Event | None = None,
        *,
        first: float = 0.1,
        most: float = 5.0,
        factor: float = 2.0,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._stop = stop or asyncio.Event()
        self._first, self._most, self._factor, self._chance = first, most, factor, chance
        self.attempt = 0

    def reset(self) -> None:
        """Call it after a success: the next wait is short again."""
        self.attempt = 0

    def delay(self, attempt: int) -> float:
        """Seconds to wait after failed attempt number `attempt`, counted from 0."""
        whole = min(self._most, self._first * self._factor ** min(attempt, 64))
        return whole * (0.5 + self._chance() / 2)

    async def wait(self) -> bool:
        """Wait before the next attempt; False when a stop was asked for meanwhile."""
        seconds = self.delay(self.attempt)
        self.attempt += 1
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return True
        return False
