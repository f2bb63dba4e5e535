"""A real auth_api on a real PostgreSQL and Valkey, in a database of its own, reached over a real socket."""

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
from auth_api.store import migrate
from auth_api.wiring import Auth
from infra import redis_client
from infra.http.serve import serve
from infra.stack.trial import Trial

JSON = {"content-type": "application/json"}
REDIS_DATABASE = "/7"  # beside what other tests write


@dataclass(frozen=True)
class Running:
    """One auth_api that answers."""

    auth: Auth
    url: str
    http: httpx2.AsyncClient

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    async def guest(self, **headers: str) -> dict[str, Any]:
        answer = await self.http.post("/auth/v1/guests", json={}, headers=headers)
        assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def refresh(self, token: str) -> httpx2.Response:
        return await self.http.post("/auth/v1/tokens", json={"refresh_token": token})


Start = Callable[..., AbstractAsyncContextManager[Running]]


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


async def execute(url: str, statement: str) -> None:
    """On a connection of its own: between the two, other tests may crash PostgreSQL."""
    admin = await asyncpg.connect(url)
    try:
        await admin.execute(statement)
    finally:
        await admin.close()


@pytest.fixture(scope="session")
async def database(stack: Trial) -> AsyncIterator[str]:
    """A PostgreSQL database with auth_api's tables."""
    name = f"auth_{secrets.token_hex(4)}"
    await execute(stack.postgres_url, f"CREATE DATABASE {name}")
    url = urlunsplit(urlsplit(stack.postgres_url)._replace(path=f"/{name}"))
    await migrate(url)
    yield url
    await execute(stack.postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
async def redis(stack: Trial) -> AsyncIterator[Redis]:
    client = redis_client.client(redis_url(stack), "test")
    yield client
    await client.flushdb()
    await client.aclose()


def redis_url(stack: Trial) -> str:
    return urlunsplit(urlsplit(stack.redis_url)._replace(path=REDIS_DATABASE))


@pytest.fixture(scope="session")
def start(stack: Trial, database: str, tmp_path_factory: pytest.TempPathFactory) -> Start:
    """Starts an auth_api with other settings where a test wants them."""
    home = tmp_path_factory.mktemp("auth")

    @contextlib.asynccontextmanager
    async def starting(**changes: Any) -> AsyncIterator[Running]:
        given = {"redis_url": redis_url(stack), "postgres_url": database, "home": home, "auth_port": free_port()}
        async with running(AuthSettings(**{**given, **changes})) as one:
            yield one

    return starting


@contextlib.asynccontextmanager
async def running(settings: AuthSettings) -> AsyncIterator[Running]:
    """Serve until the block ends."""
    auth, stop = await Auth.open(settings), asyncio.Event()
    server = asyncio.create_task(serve(auth.app, "127.0.0.1", settings.auth_port, stop=stop))
    url = f"http://127.0.0.1:{settings.auth_port}"
    try:
        async with httpx2.AsyncClient(base_url=url, timeout=20) as http:
            await answers(http)
            yield Running(auth, url, http)
    finally:
        stop.set()
        await server
        await auth.close()


async def answers(http: httpx2.AsyncClient) -> None:
    async with asyncio.timeout(10):
        while True:
            with contextlib.suppress(httpx2.TransportError):
                await http.get("/livez")
                return


@pytest.fixture(scope="session")
async def auth(start: Start) -> AsyncIterator[Running]:
    async with start() as one:
        yield one


@pytest.fixture
def stack_postgres(stack: Trial) -> str:
    """A PostgreSQL database without auth_api's tables."""
    return urlunsplit(urlsplit(stack.postgres_url)._replace(path="/template1"))
