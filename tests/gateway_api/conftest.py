"""A real gateway with a real auth_api on real stores, reached over real sockets; `Double` judges the commands."""

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx2
import pytest
from redis.asyncio import Redis

from auth_api.settings import AuthSettings
from auth_api.store import migrate as migrate_auth
from auth_api.wiring import Auth
from gateway_api.settings import GatewaySettings
from gateway_api.wiring import Gateway
from history_sink.store import migrate as migrate_history
from infra import redis_client
from infra.http.serve import serve
from infra.kafka.client import admin
from infra.kafka.topics import apply
from infra.stack.trial import Trial
from schemas.topics import MATCHES
from tests.gateway_api.client import Player, wait_until
from tests.gateway_api.double import Double

REDIS_DATABASE = "/8"


@dataclass(frozen=True)
class Running:
    """One gateway that answers."""

    gateway: Gateway
    url: str
    double: Double
    redis: Redis
    postgres_url: str

    def http(self, **more: Any) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=self.url, timeout=20, **more)

    async def guest(self) -> Player:
        return await Player.guest(self.url)


Start = Callable[..., AbstractAsyncContextManager[Running]]


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture(scope="session")
async def database(stack: Trial) -> AsyncIterator[str]:
    """A PostgreSQL database with everybody's tables."""
    name = f"gateway_{secrets.token_hex(4)}"
    admin_connection = await asyncpg.connect(stack.postgres_url)
    await admin_connection.execute(f"CREATE DATABASE {name}")
    url = urlunsplit(urlsplit(stack.postgres_url)._replace(path=f"/{name}"))
    await migrate_auth(url)
    await migrate_history(url)
    await admin_connection.close()
    yield url
    admin_connection = await asyncpg.connect(stack.postgres_url)  # tests may have crashed the server meanwhile
    await admin_connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin_connection.close()


@pytest.fixture(scope="session")
async def topics(stack: Trial) -> None:
    client = admin(stack.kafka_address)
    await client.start()
    await apply(client, MATCHES.topics())
    await client.close()


@pytest.fixture(scope="session")
async def redis(stack: Trial) -> AsyncIterator[Redis]:
    client = redis_client.client(redis_url(stack), "test")
    yield client
    await client.flushdb()
    await client.aclose()


def redis_url(stack: Trial) -> str:
    return urlunsplit(urlsplit(stack.redis_url)._replace(path=REDIS_DATABASE))


@pytest.fixture(scope="session")
async def auth_url(stack: Trial, database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A real auth_api."""
    settings = AuthSettings(
        redis_url=redis_url(stack),
        postgres_url=database,
        home=tmp_path_factory.mktemp("auth"),
        auth_port=free_port(),
    )
    auth, stop = await Auth.open(settings), asyncio.Event()
    server = asyncio.create_task(serve(auth.app, "127.0.0.1", settings.auth_port, stop=stop))
    yield f"http://127.0.0.1:{settings.auth_port}"
    stop.set()
    await server
    await auth.close()


@pytest.fixture(scope="session")
async def double(stack: Trial, redis: Redis, topics: None) -> AsyncIterator[Double]:
    one = Double(redis, stack.kafka_address)
    task = asyncio.create_task(one.run())
    async with asyncio.timeout(20):
        await one.started.wait()
    yield one
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@pytest.fixture(scope="session")
def start(stack: Trial, database: str, auth_url: str, double: Double, redis: Redis) -> Start:
    """Starts a gateway with other settings where a test wants them."""

    @contextlib.asynccontextmanager
    async def starting(**changes: Any) -> AsyncIterator[Running]:
        given = {
            "kafka": stack.kafka_address,
            "redis_url": redis_url(stack),
            "postgres_url": database,
            "auth_url": auth_url,
            "gateway_port": free_port(),
        }
        settings = GatewaySettings(**{**given, **changes})
        gateway, stop = await Gateway.open(settings), asyncio.Event()
        running = asyncio.create_task(gateway.run(stop))
        url = f"http://127.0.0.1:{settings.gateway_port}"
        try:
            await wait_until(lambda: usable(url), running)
            yield Running(gateway, url, double, redis, database)
        finally:
            stop.set()
            await running
            await gateway.close()

    return starting


async def usable(url: str) -> bool:
    """The gateway's own connections stand; the workers need not be there."""
    with contextlib.suppress(httpx2.TransportError):
        async with httpx2.AsyncClient(base_url=url) as http:
            checks = (await http.get("/readyz")).json()["checks"]
            return all(checks[name]["ok"] for name in ("kafka", "redis", "keys"))
    return False


@pytest.fixture(scope="session")
async def gateway(start: Start) -> AsyncIterator[Running]:
    async with start() as one:
        yield one
