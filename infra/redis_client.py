"""Redis or Valkey from asyncio: RESP3, bounded waits, a health check on idle connections.

Scripts: `client.register_script(text)` gives a callable that sends EVALSHA and loads the script again
where the server has forgotten it (restart, SCRIPT FLUSH).
"""

from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError

CONNECT_SECONDS = 2.0
COMMAND_SECONDS = 2.0
HEALTH_SECONDS = 15

# What a caller treats as "Redis is away": back off, or answer without it.
AWAY = (RedisError, OSError, TimeoutError)


def client(url: str, name: str, *, most: int = 16, timeout: float | None = COMMAND_SECONDS, **more: Any) -> Redis:
    """A client of at most `most` connections, opened when used first; bytes in, bytes out.

    One retry covers a connection that died while idle. For a subscriber that waits for messages without
    end, pass `timeout=None`.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        protocol=3,
        client_name=name,
        max_connections=most,
        timeout=CONNECT_SECONDS,
        socket_timeout=timeout,
        socket_connect_timeout=CONNECT_SECONDS,
        health_check_interval=HEALTH_SECONDS,
        retry=Retry(NoBackoff(), 1, supported_errors=(Disconnected,)),  # a time-out is not repeated
        **more,
    )
    return Redis.from_pool(pool)
