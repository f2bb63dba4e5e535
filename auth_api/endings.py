"""Ended sessions in Redis, where gateways look them up until the last access token of each has expired.

PostgreSQL stays behind: where Redis was away or emptied, it is filled again.
"""

from collections.abc import Awaitable

import structlog
from redis.asyncio import Redis

from auth_api.settings import MOST_ACCESS_SECONDS
from auth_api.store import Ends, Store, StoreAway
from infra.clock import Clock
from infra.http.tokens import LEEWAY
from infra.metrics import STORE_AWAY
from infra.redis_client import AWAY
from schemas import keys

log = structlog.get_logger()
FILLED = ""  # no session's id: a member with score 0 while all are there, gone when Redis was emptied
# Tokens may have been signed under another setting, and a moment behind the end or by a clock that runs ahead of
# PostgreSQL's: hence the longest life there is, and the leeway once more than verifiers grant it.
KEPT_SECONDS = MOST_ACCESS_SECONDS + 2 * LEEWAY
REPEAT_SECONDS = 30.0


class Endings:
    """Writes ends; Redis being away is noted and made good later."""

    def __init__(self, store: Store, redis: Redis, clock: Clock) -> None:
        self._store, self._redis, self._clock = store, redis, clock
        self._missed = True  # whoever was here before may have died between PostgreSQL and Redis
        self._filled = clock.monotonic()

    async def end(self, ending: Awaitable[Ends]) -> Ends:
        """Await a statement that ends sessions, and write which it ended."""
        try:
            ended = await ending
        except StoreAway:
            self._missed = True  # only the answer may be lost
            raise
        if ended:
            await self._write(_scores(ended))
        return ended

    async def fill(self) -> str:
        """Write all recent ends where Redis lacks them, and the newest ones again now and then: another process
        may have died between PostgreSQL and Redis. Says what is missing, '' for nothing.
        """
        began = self._clock.monotonic()
        since = began - self._filled
        try:
            whole = self._missed or await self._redis.zscore(keys.ENDED, FILLED) is None
            if not whole and since < REPEAT_SECONDS:
                return ""
            self._missed = False
            scores = _scores(await self._store.ended_within(KEPT_SECONDS if whole else since + REPEAT_SECONDS))
            if whole:  # in the same command: a Redis that is emptied meanwhile has both or neither
                scores[FILLED] = 0.0
            if scores and not await self._write(scores):
                return "Redis is away, ends of sessions follow"
            self._filled = began
        except AWAY:
            self._missed = True
            return "Redis is away, ends of sessions follow"
        except StoreAway:
            self._missed = True
            raise
        return ""

    async def _write(self, scores: dict[str, float]) -> bool:
        """False, and a later `fill`, when Redis is away."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.zadd(keys.ENDED, scores)
        pipe.zremrangebyscore(keys.ENDED, "(0", self._clock.now_ms())
        try:
            await pipe.execute()
        except AWAY as error:
            self._missed = True
            STORE_AWAY.labels("redis").inc()
            log.warning("ends_not_published", error=type(error).__name__)
            return False
        return True


def _scores(ended: Ends) -> dict[str, float]:
    """Sessions as members, until when tokens of theirs may live as scores."""
    return {str(session): (at.timestamp() + KEPT_SECONDS) * 1000 for session, at in ended.items()}
