"""What auth_api reads from the environment."""

from pydantic import Field

from infra.http.limits import Rate
from infra.http.origin import LOCAL_PROXIES, Proxies
from infra.settings import WithPostgres, WithRedis, WithTokens

MINUTE, DAY = 60, 86_400
MOST_ACCESS_SECONDS = 10 * MINUTE


class AuthSettings(WithRedis, WithPostgres, WithTokens):
    worker_name: str = Field("auth-1", description="a name that stays the same over restarts")
    auth_host: str = Field("127.0.0.1", description="the address that auth_api listens on")
    auth_port: int = Field(8001, ge=0, le=65535, description="its port; 0 takes a free one")
    auth_origins: frozenset[str] = Field(
        frozenset(), description="origins of pages on other hosts that may sign in, as a JSON list"
    )
    auth_proxies: Proxies = Field(
        LOCAL_PROXIES,
        description="addresses and networks whose X-Forwarded-* headers are believed (JSON list)",
    )
    auth_guest_rate: Rate = Field("20/hour", description="new guests per address (per /64 for IPv6)")
    auth_refresh_rate: Rate = Field("120/minute", description="refreshes and logouts per address, likewise")
    auth_limit_loopback: bool = Field(False, description="whether addresses of this machine are limited too")
    auth_access_seconds: int = Field(
        MOST_ACCESS_SECONDS, ge=30, le=MOST_ACCESS_SECONDS, description="life of an access token"
    )
    auth_guest_idle_seconds: int = Field(7 * DAY, ge=60, description="a guest's session ends when unused so long")
    auth_absolute_seconds: int = Field(90 * DAY, ge=60, description="any session ends after this")
