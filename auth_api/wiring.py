"""The only place where auth_api's parts are made and put together."""

import asyncio
from typing import Any

import asyncpg
from fastapi import FastAPI, Request, Response

from auth_api import keys, routes
from auth_api.directory import Directory
from auth_api.endings import Endings
from auth_api.sessions import Lives, Sessions
from auth_api.settings import AuthSettings
from auth_api.store import Store, StoreAway
from auth_api.tokens import Issuer, public_set
from auth_api.upkeep import Upkeep
from infra import postgres, redis_client
from infra.clock import SystemClock
from infra.health import Health, HealthApp
from infra.http import problems
from infra.http.caller import Callers
from infra.http.limits import Limiter
from infra.http.serve import serve
from infra.http.tokens import Verifier
from infra.http.trace import Trace
from infra.tasks import run_together, stopping

POOL = 8
PATIENCE = 3.0  # seconds that a person waits for a store before the answer is 503


class Auth:
    """One auth_api process: its application, its upkeep, its connections."""

    def __init__(self, settings: AuthSettings, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self.settings = settings
        self._pool = pool
        self.health = Health(["postgres"])
        self._redis = redis_client.client(settings.redis_url.get_secret_value(), settings.worker_name, timeout=1)
        store, clock = Store(self._pool), SystemClock()
        directory = Directory(store, self._redis)
        endings = Endings(store, self._redis, clock)
        self.upkeep = Upkeep(store, directory, endings, self.health, clock)
        sessions = Sessions(store, directory, endings, *self._issuing(), clock)
        self.app = self._application(self._parts(sessions))

    @classmethod
    async def open(cls, settings: AuthSettings) -> "Auth":
        """Make one; nothing is connected yet."""
        pool = await postgres.pool(
            settings.postgres_url.get_secret_value(),
            settings.worker_name,
            most=POOL,
            command_timeout=PATIENCE,
            timeout=PATIENCE,
        )
        return cls(settings, pool)

    async def close(self) -> None:
        """Give the connections back."""
        await self._redis.aclose()
        self._pool.terminate()

    def _issuing(self) -> tuple[Issuer, Lives]:
        settings = self.settings
        self._keys = keys.load(settings.home / "keys")
        issuer = Issuer(self._keys[0], settings.auth_issuer, settings.auth_audience, settings.auth_access_seconds)
        return issuer, Lives(settings.auth_guest_idle_seconds, settings.auth_absolute_seconds)

    def _parts(self, sessions: Sessions) -> routes.Parts:
        settings, jwks = self.settings, public_set(self._keys)

        async def own_keys() -> dict[str, Any]:
            return jwks

        verifier = Verifier(own_keys, issuer=settings.auth_issuer, audience=settings.auth_audience)
        callers = Callers(verifier, origins=settings.auth_origins, proxies=settings.auth_proxies)
        return routes.Parts(settings, sessions, callers, Limiter(self._redis), jwks)

    def _application(self, parts: routes.Parts) -> HealthApp:
        app = FastAPI(
            title="Playlog identity", version="1", docs_url=None, redoc_url=None, openapi_url="/auth/openapi.json"
        )
        problems.install(app)
        app.add_exception_handler(StoreAway, _on_store_away)
        app.include_router(routes.build(parts))
        return HealthApp(self.health, behind=Trace(app))


async def _on_store_away(request: Request, _error: Exception) -> Response:
    return problems.respond(request, problems.away("postgres"))


async def run(settings: AuthSettings) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop, auth = stopping(), await Auth.open(settings)
    server = serve(
        auth.app, settings.auth_host, settings.auth_port, stop=stop, name="auth", setting="PLAYLOG_AUTH_PORT"
    )
    try:
        await run_together(stop, {"server": server}, background={"upkeep": auth.upkeep.run(stop)})
    finally:
        async with asyncio.timeout(2):
            await auth.close()
