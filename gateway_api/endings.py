"""Sessions that ended while access tokens of theirs still live, as auth_api writes them into Redis."""

import asyncio

from infra.clock import Clock
from infra.redis_client import AWAY
from infra.redis_line import Line
from infra.tasks import until
from schemas import keys

LOOK_SECONDS = 0.3


class Endings:
    """Contains a session from a moment after its end until the last of its tokens has expired.

    While Redis is away nothing new is learned, and what is known stays: tokens die by themselves in minutes.
    """

    def __init__(self, line: Line, clock: Clock) -> None:
        self._line, self._clock = line, clock
        self._until: dict[str, float] = {}  # Unix ms

    def __contains__(self, session: object) -> bool:
        return session in self._until

    async def run(self, stop: asyncio.Event) -> None:
        """Look again and again, until `stop`."""
        while not await until(stop, LOOK_SECONDS):
            await self.look()

    async def look(self) -> None:
        """Learn what has ended; a Redis that was emptied takes nothing back."""
        now = self._clock.now_ms()
        try:
            found = await self._line.call("ZRANGEBYSCORE", keys.ENDED, now, "+inf", "WITHSCORES")
        except AWAY:
            return
        for session, end in found:
            self._until[session.decode("utf-8", "replace")] = end
        self._until = {session: end for session, end in self._until.items() if end > now}
