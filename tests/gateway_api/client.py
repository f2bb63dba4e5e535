"""A player as tests see one: a program with a bearer token; and a reader of event streams on a bare socket."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2
import orjson

Answer = httpx2.Response


@dataclass
class Player:
    """A signed-in guest."""

    url: str
    id: str
    name: str
    token: str
    refresh: str

    @classmethod
    async def guest(cls, url: str) -> "Player":
        async with httpx2.AsyncClient(base_url=url, timeout=20) as http:
            answer = await http.post("/auth/v1/guests", json={})
        assert answer.status_code == 201, answer.text
        body = answer.json()
        tokens = body["access_token"], body["refresh_token"]
        return cls(url, body["player"]["id"], body["player"]["name"], *tokens)

    @property
    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    async def get(self, path: str, **headers: str) -> Answer:
        async with httpx2.AsyncClient(base_url=self.url, timeout=20) as http:
            return await http.get(path, headers={**self.bearer, **named(headers)})

    async def post(
        self, path: str, body: Any, key: str | None = None, wait: int | None = 5, **more: str
    ) -> Answer:
        headers = {**self.bearer, "idempotency-key": key or secrets.token_hex(8), **named(more)}
        if wait is not None:
            headers["prefer"] = f"wait={wait}"
        async with httpx2.AsyncClient(base_url=self.url, timeout=20) as http:
            return await http.post(path, json=body, headers=headers)

    async def new_match(self, **options: Any) -> str:
        answer = await self.post("/v1/matches", {"game": "rps", "options": options})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def send(self, match: str, body: Any, **more: Any) -> Answer:
        return await self.post(f"/v1/matches/{match}/commands", body, **more)

    @asynccontextmanager
    async def stream(self, match: str, **headers: str) -> AsyncIterator["Stream"]:
        parts = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        lines = {"host": parts.netloc, **self.bearer, **named(headers)}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"GET /v1/matches/{match}/events HTTP/1.1\r\n{head}\r\n".encode())
        try:
            yield await Stream.open(reader, writer)
        finally:
            writer.close()


def named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass
class Event:
    name: str
    id: int | None
    data: Any


class Stream:
    """An open event stream; chunk sizes are left to the parser."""

    def __init__(self, status: int, headers: dict[str, str], reader: Any, writer: Any) -> None:
        self.status, self.headers, self._reader, self.writer = status, headers, reader, writer
        self._text = b""
        self.comments: list[str] = []

    @classmethod
    async def open(cls, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> "Stream":
        async with asyncio.timeout(10):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        return cls(int(head[0].split()[1]), headers, reader, writer)

    async def event(self, seconds: float = 5) -> Event | None:
        """The next event; None at the end of the stream."""
        async with asyncio.timeout(seconds):
            while True:
                block = await self._block()
                if block is None:
                    return None
                fields = dict(line.partition(": ")[::2] for line in block.split("\n"))
                if "event" in fields:
                    number = fields.get("id")
                    return Event(fields["event"], int(number) if number else None, orjson.loads(fields["data"]))
                self.comments.append(block)

    async def view(self, seconds: float = 5) -> Event:
        event = await self.event(seconds)
        assert event is not None
        assert event.name == "view"
        return event

    async def _block(self) -> str | None:
        while b"\n\n" not in self._text:
            size = int(await self._reader.readline() or b"0", 16)
            chunk = await self._reader.readexactly(size + 2)
            if size == 0:
                return None
            self._text += chunk[:-2]
        block, self._text = self._text.split(b"\n\n", 1)
        return block.decode()


async def wait_until(
    condition: Callable[[], Awaitable[bool]], running: "asyncio.Task[Any] | None" = None, seconds: float = 30
) -> None:
    """Until the condition holds; fails when the task it depends on died."""
    async with asyncio.timeout(seconds):
        while not await condition():
            if running is not None and running.done():
                running.result()
            await asyncio.sleep(0.02)


async def exchange(url: str, raw: bytes, seconds: float = 10) -> bytes:
    """What the gateway says to these bytes until it closes the connection."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(raw)
        async with asyncio.timeout(seconds):
            return await reader.read(-1)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()
