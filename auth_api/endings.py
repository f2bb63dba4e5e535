"""Ended sessions in Redis, where gateways look them up until the last access token of each has expired.

PostgreSQL stays behind: where Redis was away or emptied, it is filled again.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import structlog
from redis.asyncio import Redis

from auth_api.store import Store
from infra.clock import Clock
from infra.http.tokens import LEEWAY
from infra.metrics import STORE_AWAY
from infra.redis_client import AWAY
from schemas import keys

log = structlog.get_logger()
FILLED = ""  # no session's id: a member with score 0 while all are there, gone when Redis was emptied


class Endings:
    """Writes ends; Redis being away is noted and made good later. `life` of an access token, seconds."""

    def __init__(self, store: Store, redis: Redis, life: int, clock: Clock) -> None:
        self._store, self._redis, self._clock = store, redis, clock
        self._seconds = life + LEEWAY
        self._missed = True  # whoever was here before may have died between PostgreSQL and Redis

    async def publish(self, ended: Mapping[UUID, datetime]) -> bool:
        """Write some sessions and when each ended; False, and a later `fill`, when Redis is away."""
        if not ended:
            return True
        until = {str(session): (at.timestamp() + self._seconds) * 1000 for session, at in ended.items()}
        pipe = self._redis.pipeline(transaction=False)
        pipe.zadd(keys.ENDED, until)
        pipe.zremrangebyscore(keys.ENDED, "(0", self._clock.now_ms())
        try:
            await pipe.execute()
        except AWAY as error:
            self._missed = True
            STORE_AWAY.labels("redis").inc()
            log.warning("ends_not_published", error=type(error).__name__)
            return False
        return True

    async def fill(self) -> str:
        """Write all recent ends where Redis lacks them; says what is missing, '' for nothing."""
        try:
            if not self._missed and await self._redis.zscore(keys.ENDED, FILLED) is not None:
                return ""
            self._missed = False
            if not await self.publish(await self._store.ended_within(self._seconds)):
                return "Redis is away, ends of sessions follow"
            await self._redis.zadd(keys.ENDED, {FILLED: 0})
        except AWAY:
            self._missed = True
            return "Redis is away, ends of sessions follow"
        return ""
