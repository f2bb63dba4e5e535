"""What gateway_api reads from the environment."""

from pathlib import Path

from pydantic import Field

from infra.http.limits import Rate
from infra.http.origin import LOCAL_PROXIES, Proxies
from infra.settings import Settings, WithTokens

CLONE = Path(__file__).resolve().parents[1]


class GatewaySettings(Settings, WithTokens):
    worker_name: str = Field("gateway", description="a name that stays the same over restarts")
    gateway_host: str = Field("127.0.0.1", description="the address that the gateway listens on")
    gateway_port: int = Field(8000, ge=0, le=65535, description="its port; 0 takes a free one")
    gateway_hosts: frozenset[str] = Field(
        frozenset(), description="Host names it answers to besides loopback's, as a JSON list"
    )
    gateway_origins: frozenset[str] = Field(
        frozenset(), description="origins of pages on other hosts that may use it, as a JSON list"
    )
    gateway_proxies: Proxies = Field(
        LOCAL_PROXIES,
        description="addresses and networks whose X-Forwarded-* headers are believed (JSON list)",
    )
    gateway_command_rate: Rate = Field("1200/minute", description="commands per address (per /64 for IPv6)")
    gateway_history_rate: Rate = Field("300/minute", description="histories and lists of matches per player")
    gateway_limit_loopback: bool = Field(False, description="whether addresses of this machine are limited too")
    gateway_streams: int = Field(10_000, ge=1, description="event streams open at once in one process")
    gateway_streams_per_player: int = Field(4, ge=1, description="event streams of one player in one process")
    gateway_streams_per_address: int = Field(50, ge=1, description="event streams of one address in one process")
    gateway_docs: bool = Field(True, description="whether /docs, /openapi.json and /asyncapi are served")
    gateway_web: Path = Field(CLONE / "web" / "dist", description="the built web client")
    auth_url: str = Field("http://127.0.0.1:8001", description="where auth_api listens")
