"""Display names in Redis, where gateways look them up; PostgreSQL stays behind and fills Redis again.

A name is forgotten when its player was not seen for a week: Redis refuses writes when it is full, so it holds
those who play. A gateway that finds none there asks PostgreSQL.
"""

from collections.abc import Callable, Iterable

import structlog
from redis.asyncio import Redis

from auth_api.store import Player, Store, StoreAway
from infra.metrics import STORE_AWAY
from infra.redis_client import AWAY
from schemas import keys

log = structlog.get_logger()
PAGE = 1000
KEPT_SECONDS = 7 * 86_400  # as long as a guest's session lives unused
FILLED = keys.player("*")  # no player's id: set once all names are there, gone when Redis was emptied


class Directory:
    """Writes names; Redis being away is noted and made good later, never an error of the caller."""

    def __init__(self, store: Store, redis: Redis) -> None:
        self._store, self._redis = store, redis
        self._missed = False

    async def publish(self, players: Iterable[Player]) -> bool:
        """Write some names; False, and a later `fill`, when Redis is away."""
        pipe = self._redis.pipeline(transaction=False)
        for player in players:
            pipe.set(keys.player(str(player.id)), player.name, ex=KEPT_SECONDS)
        try:
            await pipe.execute()
        except AWAY as error:
            self._missed = True
            STORE_AWAY.labels("redis").inc()
            log.warning("names_not_published", error=type(error).__name__)
            return False
        return True

    async def fill(self, beat: Callable[[], None] = lambda: None) -> str:
        """Write the names of the last week's players where Redis lacks them; says what is missing, '' for nothing.

        `beat` is called after each page: many players take longer than a heartbeat may.
        """
        try:
            if not self._missed and await self._redis.exists(FILLED):
                return ""
            self._missed = False
            async for page in self._store.players(PAGE, KEPT_SECONDS):
                if not await self.publish(page):
                    return "Redis is away, names follow"
                beat()
            await self._redis.set(FILLED, "1")
        except StoreAway:
            self._missed = True
            raise
        except AWAY:
            return "Redis is away, names follow"
        return ""
