"""The gateway passes cookies through between browser and auth_api and keeps none of them."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import Request

from gateway_api.auth_proxy import AuthProxy
from infra.http.serve import bind


class Auth:
    """A server that sets a cookie on every answer and remembers the cookies it was sent."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            lines = head.decode().lower().split("\r\n")
            self.seen.append(next((line for line in lines if line.startswith("cookie:")), ""))
            writer.write(b"HTTP/1.1 200 OK\r\nset-cookie: a=first; Path=/\r\ncontent-length: 0\r\n\r\n")
            await writer.drain()


@pytest.fixture
async def auth() -> AsyncIterator[tuple[Auth, str]]:
    double, sock = Auth(), bind("127.0.0.1", 0)
    server = await asyncio.start_server(double.answer, sock=sock)
    yield double, f"http://127.0.0.1:{sock.getsockname()[1]}"
    server.close()


async def test_a_cookie_set_for_one_player_is_not_sent_for_the_next(auth: tuple[Auth, str]) -> None:
    double, url = auth
    proxy = AuthProxy(url, frozenset())
    scope = {
        "type": "http", "method": "GET", "path": "/auth/v1/me", "query_string": b"", "scheme": "http",
        "headers": [(b"host", b"localhost")], "client": ("127.0.0.1", 1), "server": ("localhost", 80),
    }  # fmt: skip
    for _ in range(2):
        await proxy.forward(Request(scope))
    await proxy.close()
    assert double.seen == ["", ""]
