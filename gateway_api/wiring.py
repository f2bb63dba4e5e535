"""The only place where the gateway's parts are made and put together."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import asyncpg
import structlog

from gateway_api import application, asyncapi, openapi
from gateway_api.auth_proxy import AuthProxy
from gateway_api.commands_log import CommandsLog
from gateway_api.direct import Direct
from gateway_api.edge import Edge
from gateway_api.endings import Endings
from gateway_api.limits import InFlight, Slots, streams_within
from gateway_api.matches import Matches
from gateway_api.names import Names
from gateway_api.pages import Pages
from gateway_api.parts import Parts
from gateway_api.protocol import Protocol
from gateway_api.readiness import CHECKS, Readiness
from gateway_api.reading import Reading
from gateway_api.settings import GatewaySettings
from gateway_api.sse import Streams
from gateway_api.store import Store
from gateway_api.submit import Submit
from infra import open_files, postgres, redis_client
from infra.clock import SystemClock
from infra.health import Health, HealthApp
from infra.http.caller import Callers
from infra.http.limits import Limiter
from infra.http.serve import serve
from infra.http.tokens import Verifier
from infra.http.trace import Trace
from infra.redis_line import Line
from infra.tasks import run_together, stopping
from schemas.topics import MATCHES

log = structlog.get_logger()
POOL = 8
HEALTH_SECONDS = 15.0  # a readiness round waits for absent brokers
GRACE = 5


class Gateway:
    """One gateway process: its application, its connections, the loops that keep them."""

    def __init__(self, settings: GatewaySettings, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self.settings, self._pool = settings, pool
        self.health = Health(CHECKS, beat_seconds=HEALTH_SECONDS)
        url, name = settings.redis_url.get_secret_value(), settings.worker_name
        self._line = Line(url, name, self._on_hint, self._on_open)
        self._redis = redis_client.client(url, f"{name}-limits", timeout=1)
        self._proxy = AuthProxy(settings.auth_url, settings.gateway_proxies, settings.gateway_docs)
        self._commands = CommandsLog(settings.kafka, settings.security, MATCHES.commands)
        self._store = Store(pool)
        self._names = Names(self._line, self._store.names)
        self._matches = Matches(self._line, self._names)
        self._endings = Endings(self._line, SystemClock())
        self.streams = Streams(self._matches, _slots(settings), self._endings)
        self.app = self._application()

    @classmethod
    async def open(cls, settings: GatewaySettings) -> "Gateway":
        """Make one; nothing is connected yet."""
        pool = await postgres.pool(settings.postgres_url.get_secret_value(), settings.worker_name, most=POOL)
        return cls(settings, pool)

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop`; streams are asked to end before the server waits for open requests."""
        settings = self.settings
        readiness = Readiness(
            settings, MATCHES, self.health, commands=self._commands, line=self._line, proxy=self._proxy
        )
        server = serve(
            self.app,
            settings.gateway_host,
            settings.gateway_port,
            stop=stop,
            name="gateway",
            setting="PLAYLOG_GATEWAY_PORT",
            grace=GRACE,
            on_stop=self.streams.end,
            http=Protocol,
        )
        # What a request needs outlives the server: these loops end after it.
        served = asyncio.Event()
        await run_together(
            stop,
            {"server": _then(server, served)},
            background={
                "redis": self._line.run(served),
                "kafka": self._commands.run(served),
                "matches": self._matches.run(served),
                "streams": self.streams.run(served),
                "endings": self._endings.run(served),
                "readiness": readiness.run(served),
            },
        )

    async def close(self) -> None:
        """Give the connections back."""
        await self._proxy.close()
        await self._redis.aclose()
        self._pool.terminate()

    def _application(self) -> HealthApp:
        settings = self.settings
        app = application.build(self._proxy, Pages(settings.gateway_web), settings.gateway_docs)
        app.state.parts = self._parts()
        direct = Direct(app, application.shortcuts())
        return HealthApp(self.health, behind=Edge(Trace(direct), settings.gateway_hosts))

    def _parts(self) -> Parts:
        settings = self.settings
        verifier = Verifier(self._proxy.jwks, issuer=settings.auth_issuer, audience=settings.auth_audience)
        return Parts(
            settings=settings,
            callers=Callers(
                verifier,
                origins=settings.gateway_origins,
                proxies=settings.gateway_proxies,
                ended=self._endings,
            ),
            line=self._line,
            reading=Reading(self._line, self._store, self._names),
            names=self._names,
            submit=Submit(self._matches, self._line, self._commands, SystemClock()),
            store=self._store,
            streams=self.streams,
            in_flight=InFlight(),
            limiter=Limiter(self._redis),
            documents={"openapi": openapi.document(), "asyncapi": asyncapi.document()},
        )

    def _on_hint(self, channel: bytes, payload: bytes) -> None:
        self._matches.on_message(channel, payload)

    def _on_open(self) -> None:
        self._matches.on_open()


def _slots(settings: GatewaySettings) -> Slots:
    most = streams_within(open_files.limit(), settings.gateway_streams)
    if most < settings.gateway_streams:
        log.warning("streams_limited_by_open_files", streams=most, expected=settings.gateway_streams)
    return Slots(most, settings.gateway_streams_per_player, settings.gateway_streams_per_address)


async def _then(server: Coroutine[Any, Any, None], served: asyncio.Event) -> None:
    await server
    served.set()


async def run(settings: GatewaySettings) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop, gateway = stopping(), await Gateway.open(settings)
    try:
        await gateway.run(stop)
    finally:
        async with asyncio.timeout(2):
            await gateway.close()
