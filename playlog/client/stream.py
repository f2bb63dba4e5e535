"""Follows one event stream: reconnects where it broke off, with Last-Event-ID, until its end or until closed."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from playlog.client.http import Connection, Origin, Unanswered, connect
from playlog.client.sse import Event, Parser

FIRST_RETRY_MS = 500
LONGEST_RETRY_MS = 10_000
SILENCE_SECONDS = 40.0  # the gateway writes a comment every 15 s
END = "end"

Headers = Callable[[], Awaitable[Mapping[str, str]]]


class Refused(Exception):
    """The server answered, but not with a stream; asking again would not help."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        super().__init__(f"the stream was refused with {status}: {body[:200].decode('utf-8', 'replace')}")


@dataclass
class Counts:
    """What a stream has seen."""

    events: int = 0
    connects: int = 0
    comments: int = 0


class EventStream:
    """`on_event` is called from the socket's own callback, so that no task switch is between it and the bytes."""

    silence_seconds = SILENCE_SECONDS

    def __init__(self, origin: Origin, path: str, headers: Headers, on_event: Callable[[Event], None]) -> None:
        self.last_id = ""
        self.counts = Counts()
        self.opened = asyncio.Event()
        self._origin, self._path, self._headers, self._on_event = origin, path, headers, on_event
        self._retry_ms = FIRST_RETRY_MS
        self._connection: Connection | None = None
        self._closed = self._ended = self._heard = False

    async def run(self) -> None:
        """Until the event `end`, or `close`. Raises Refused, and what `on_event` raises; a lost connection is
        opened again."""
        failures = 0
        while not self._closed and not self._ended:
            try:
                await self._once()
                failures = 0
            except OSError:  # Unanswered and TimeoutError are
                failures += 1
            if not self._closed and not self._ended:
                await asyncio.sleep(self._pause(failures))

    def close(self) -> None:
        """End it from here."""
        self._closed = True
        self.drop()

    def drop(self) -> None:
        """Lose the connection, as a bad network does; it is opened again."""
        if self._connection is not None:
            self._connection.close()

    def _pause(self, failures: int) -> float:
        doubled = self._retry_ms * (1 << min(max(0, failures - 1), 10))
        return random.uniform(0.5, 1.0) * min(doubled, LONGEST_RETRY_MS) / 1000

    async def _once(self) -> None:
        """One connection from its head to its loss."""
        headers = {**await self._headers(), "accept": "text/event-stream"}
        if self.last_id:
            headers["last-event-id"] = self.last_id
        parser = Parser(self.last_id)
        self._connection = connection = await connect(self._origin)
        try:
            answer = await connection.request(
                "GET", self._path, headers, on_body=lambda chunk: self._take(parser, chunk)
            )
            if answer.status in (429, 502, 503, 504):
                raise Unanswered(f"not now: {answer.status}")
            if answer.status != 200:
                raise Refused(answer.status, answer.body)
            self.counts.connects += 1
            self.opened.set()
            await self._until_lost(connection)
        finally:
            self.opened.clear()
            self.counts.comments += parser.comments
            connection.close()

    async def _until_lost(self, connection: Connection) -> None:
        """Raises what `on_event` raised; a connection on which nothing comes, not even a comment, is dropped."""
        self._heard = True
        while self._heard and not connection.lost.done():
            self._heard = False
            await asyncio.wait({connection.lost}, timeout=self.silence_seconds)
        if connection.lost.done():
            connection.lost.result()

    def _take(self, parser: Parser, chunk: bytes) -> None:
        self._heard = True
        for event in parser.feed(chunk):
            self.counts.events += 1
            self._ended = self._ended or event.name == END
            self._on_event(event)
        self.last_id = parser.last_id
        self._retry_ms = parser.retry_ms or self._retry_ms
