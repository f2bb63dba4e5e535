"""Display names in Redis, where gateways look them up; PostgreSQL stays behind and fills Redis again."""

from collections.abc import Iterable

import structlog
from redis.asyncio import Redis

from auth_api.store import Player, Store
from infra.metrics import STORE_AWAY
from infra.redis_client import AWAY
from schemas import keys

log = structlog.get_logger()
PAGE = 1000
FILLED = keys.player("*")  # no player's id: set once all names are there, gone when Redis was emptied


class Directory:
    """Writes names; Redis being away is noted and made good later, never an error of the caller."""

    def __init__(self, store: Store, redis: Redis) -> None:
        self._store, self._redis = store, redis
        self._missed = False

    async def publish(self, players: Iterable[Player]) -> bool:
        """Write some names; False, and a later `fill`, when Redis is away."""
        names = {keys.player(str(player.id)): player.name for player in players}
        try:
            await self._redis.mset(names)
        except AWAY as error:
            self._missed = True
            STORE_AWAY.labels("redis").inc()
            log.warning("names_not_published", error=type(error).__name__)
            return False
        return True

    async def fill(self) -> str:
        """Write all names where Redis lacks them; says how it went, for people: '' when all is there."""
        try:
            if not self._missed and await self._redis.exists(FILLED):
                return ""
            self._missed = False
            async for page in self._store.players(PAGE):
                if not await self.publish(page):
                    return "Redis is away, names follow"
            await self._redis.set(FILLED, "1")
        except AWAY:
            return "Redis is away, names follow"
        return ""
