"""Rate limits: moving windows in Redis, a small in-process window while Redis is away."""

import ipaddress
import time
from dataclasses import dataclass
from typing import Annotated, TypeAlias

import structlog
from limits import RateLimitItem, parse, parse_many
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from pydantic import AfterValidator
from redis.asyncio import Redis

from infra.http.problems import Problem
from infra.metrics import LIMITED, STORE_AWAY
from infra.redis_client import AWAY

log = structlog.get_logger()
PREFIX = "playlog:limit"


def _rate(text: str) -> str:
    try:
        [item] = parse_many(text)
    except ValueError:  # no rate, or several of which only the first would count
        item = None
    if item is None or item.amount < 1:
        raise ValueError("it must be one rate such as 20/hour or 1200/minute")
    return text


Rate: TypeAlias = Annotated[str, AfterValidator(_rate)]


@dataclass(frozen=True)
class Limit:
    """A named limit such as `Limit("guests", "20/hour")`; `alone` holds per process while Redis is away."""

    name: str
    rate: str
    alone: str | None = None


class Limiter:
    """Counts hits per limit and key, shared by all processes that use the same Redis."""

    def __init__(self, redis: Redis) -> None:
        pool = redis.connection_pool
        storage = RedisStorage("redis://", implementation="redispy", key_prefix=PREFIX, connection_pool=pool)  # type: ignore[arg-type]
        self._shared = MovingWindowRateLimiter(storage)
        self._alone = MovingWindowRateLimiter(MemoryStorage())

    async def hit(self, limit: Limit, key: str) -> None:
        """Count one; a 429 problem with Retry-After when the window is full."""
        try:
            await self._count(self._shared, parse(limit.rate), limit, key)
        except AWAY as error:
            STORE_AWAY.labels("redis").inc()
            log.warning("limit_without_redis", limit=limit.name, error=type(error).__name__)
            await self._count(self._alone, parse(limit.alone or limit.rate), limit, key)

    async def _count(self, window: MovingWindowRateLimiter, item: RateLimitItem, limit: Limit, key: str) -> None:
        if await window.hit(item, limit.name, key):
            return
        LIMITED.labels(limit.name).inc()
        stats = await window.get_window_stats(item, limit.name, key)
        wait = max(1, round(stats.reset_time - time.time()))
        headers = {"retry-after": str(wait)}
        raise Problem(429, "too_many_requests", "Too many requests, wait a little.", headers=headers)


def address_key(address: str) -> str:
    """What one client's addresses have in common: an IPv4 address, the /64 of an IPv6 one."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False).network_address)
    return str(ip)


def is_loopback(address: str) -> bool:
    """Whether a client sits on this machine; local stacks do not limit those."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
