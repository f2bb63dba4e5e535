"""The server: a taken port in words, a stop in bounded time."""

import asyncio
import socket

import pytest

from infra.http.serve import PortTaken, serve
from infra.tasks import until


async def forever(scope: object, receive: object, send: object) -> None:
    await asyncio.Event().wait()


async def test_a_taken_port_names_the_setting() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=f"127.0.0.1:{port}.*set PLAYLOG_AUTH_PORT"):
            await serve(forever, "127.0.0.1", port, setting="PLAYLOG_AUTH_PORT")


async def test_a_hanging_request_does_not_hold_the_stop() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    stop, ended = asyncio.Event(), []
    server = asyncio.create_task(
        serve(forever, "127.0.0.1", port, stop=stop, grace=1, on_stop=lambda: ended.append(1))
    )
    writer = await connect(port)
    writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    await writer.drain()
    stop.set()
    async with asyncio.timeout(5):
        await server
    assert ended == [1]
    writer.close()


async def connect(port: int) -> asyncio.StreamWriter:
    """A connection once the server listens."""
    async with asyncio.timeout(5):
        while True:
            try:
                return (await asyncio.open_connection("127.0.0.1", port))[1]
            except OSError:
                await until(asyncio.Event(), 0.02)
