"""Looks at matches in Redis all the time, since a version that falls and rises again leaves no trace at rest."""

import asyncio
import time
from typing import Any

import redis.asyncio as redis
from redis.exceptions import RedisError

from schemas import keys
from tests.proof.evidence import RedisWrite

EVERY_SECONDS = 0.2
WATCHED = 60  # the newest matches
PATIENCE_SECONDS = 2.0


class Sampler:
    """Notes every version that it sees for the first time, and every one that is lower than the one before."""

    def __init__(self, url: str, opened: list[str]) -> None:
        self.writes: list[RedisWrite] = []
        self._url, self._opened = url, opened
        self._last: dict[str, int] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`, whatever becomes of Redis meanwhile."""
        while not stop.is_set():
            client = redis.from_url(self._url, socket_timeout=PATIENCE_SECONDS)
            try:
                while not stop.is_set():
                    await self._look(client)
                    await asyncio.sleep(EVERY_SECONDS)
            except (RedisError, OSError, TimeoutError):
                await asyncio.sleep(EVERY_SECONDS)
            finally:
                await client.aclose()

    async def _look(self, client: Any) -> None:
        matches = self._opened[-WATCHED:]
        if not matches:
            return
        pipe = client.pipeline(transaction=False)
        for match in matches:
            pipe.hget(keys.match(match), "version")
        now = time.monotonic()
        for match, version in zip(matches, await pipe.execute(), strict=True):
            if version is not None and self._last.get(match) != int(version):
                self._last[match] = int(version)
                self.writes.append(RedisWrite(now, match, int(version)))
