"""A stream goes on where it broke off, and ends when the server says so."""

import asyncio
from collections.abc import Mapping

import pytest

from playlog.client.http import Origin
from playlog.client.sse import Event
from playlog.client.stream import EventStream, Refused
from tests.playlog.client.server import Request, serving, whole

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def chunk(text: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(text), text)


async def nothing() -> Mapping[str, str]:
    return {"authorization": "Bearer x"}


async def test_after_a_loss_it_resumes_with_the_last_id() -> None:
    async def stream(request: Request, writer: asyncio.StreamWriter) -> None:
        last = int(request.headers.get("last-event-id", 0))
        writer.write(HEAD + chunk(b"retry: 10\n\nid: %d\nevent: view\ndata: {}\n\n" % (last + 1)))
        if last == 2:
            writer.write(chunk(b"event: end\ndata: {}\n\n"))
        await writer.drain()
        writer.close()

    seen: list[Event] = []
    async with serving(stream) as server, asyncio.timeout(10):
        one = EventStream(Origin.of(server.url), "/e", nothing, seen.append)
        await one.run()
    assert [(event.name, event.id) for event in seen] == [
        ("view", "1"),
        ("view", "2"),
        ("view", "3"),
        ("end", "3"),
    ]
    assert one.counts.connects == 3


async def test_dropped_from_here_it_comes_back_and_closed_it_ends() -> None:
    async def stream(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + chunk(b"retry: 10\n\nid: 7\nevent: view\ndata: {}\n\n"))

    came = asyncio.Event()
    async with serving(stream) as server, asyncio.timeout(10):
        one = EventStream(Origin.of(server.url), "/e", nothing, lambda _: came.set())
        task = asyncio.create_task(one.run())
        await came.wait()
        came.clear()
        one.drop()
        await came.wait()
        assert server.requests[-1].headers["last-event-id"] == "7"
        one.close()
        await task


async def test_away_is_tried_again_and_a_refusal_is_raised() -> None:
    async def refuse(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(whole(b"", "503 x") if len(server.requests) < 2 else whole(b"no", "404 Not Found"))

    async with serving(refuse) as server, asyncio.timeout(10):
        one = EventStream(Origin.of(server.url), "/e", nothing, lambda _: None)
        with pytest.raises(Refused, match="404"):
            await one.run()
        assert len(server.requests) == 2


async def test_what_the_listener_raises_is_raised() -> None:
    async def stream(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + chunk(b"id: 1\nevent: view\ndata: {}\n\n"))

    def listen(_: Event) -> None:
        raise LookupError("no such match")

    async with serving(stream) as server, asyncio.timeout(10):
        with pytest.raises(LookupError, match="no such match"):
            await EventStream(Origin.of(server.url), "/e", nothing, listen).run()


async def test_a_silent_connection_is_given_up() -> None:
    async def stream(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        if len(server.requests) > 1:
            writer.write(chunk(b"event: end\ndata: {}\n\n"))
            writer.close()

    async with serving(stream) as server, asyncio.timeout(10):
        one = EventStream(Origin.of(server.url), "/e", nothing, lambda _: None)
        one.silence_seconds = 0.05
        await one.run()
        assert one.counts.connects == 2
