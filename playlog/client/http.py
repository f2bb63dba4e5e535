"""HTTP/1.1 on bare asyncio sockets: one request at a time a connection, connections kept alive and shared.

It exists because the load generator shares its cores with what it measures: a request costs a tenth of what a
general client takes. It follows no redirects and knows no proxies.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httptools
import orjson

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 15.0
IDLE_SECONDS = 10.0  # the gateway closes an idle connection after 15 s


class Unanswered(ConnectionError):
    """The connection failed or the time ran out: nobody knows whether the server has handled the request."""


class Origin(NamedTuple):
    """Where a server is."""

    host: str
    port: int
    tls: bool

    @classmethod
    def of(cls, url: str) -> "Origin":
        """From `http[s]://host[:port]`; raises ValueError for anything else."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
            raise ValueError("the address must look like http://host:port")
        tls = parts.scheme == "https"
        return cls(parts.hostname, parts.port or (443 if tls else 80), tls)


@dataclass(slots=True)
class Answer:
    """A response; header names in lower case. `body` is empty where it was streamed."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """The body as JSON; raises ValueError where it is none."""
        return orjson.loads(self.body)


class Connection(asyncio.Protocol):
    """One connection. After any failure it is closed, never used again."""

    def __init__(self, host: str) -> None:
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.idle_since = 0.0
        self._host = host.encode()
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._answer = Answer()
        self._chunks: list[bytes] = []
        self._waiting: asyncio.Future[Answer] | None = None
        self._on_body: Callable[[bytes], None] | None = None

    @property
    def usable(self) -> bool:
        """Open, and no request under way."""
        return not self.lost.done() and self._waiting is None

    async def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        on_body: Callable[[bytes], None] | None = None,
        seconds: float = ANSWER_SECONDS,
    ) -> Answer:
        """Send a request and wait for its whole answer, or for its head where `on_body` takes the body.

        Raises Unanswered; `seconds` bounds the wait.
        """
        if not self.usable or self._transport is None:
            raise Unanswered("the connection is closed or busy")
        self._on_body = on_body
        waiting = self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(self._head(method, path, headers, body))
        try:
            async with asyncio.timeout(seconds):
                answer: Answer = await waiting
                return answer
        except TimeoutError:
            raise Unanswered(f"no answer within {seconds} s") from None
        finally:
            if waiting.cancelled():  # its late answer must not become another request's
                self.close()

    def close(self) -> None:
        """Drop the connection."""
        if self._transport is not None:
            self._transport.abort()

    def _head(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        length = b"" if method == "GET" else b"content-length: %d\r\n" % len(body)
        first = f"{method} {path} HTTP/1.1\r\n{lines}host: ".encode("latin-1")
        return b"%b%b\r\n%b\r\n%b" % (first, self._host, length, body)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:  # `on_body` failed: whoever waits for the end is told
            if not self.lost.done():
                self.lost.set_exception(error.__context__ or error)
            self.close()
        except httptools.HttpParserError:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(None)
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Unanswered(str(exc or "the server closed the connection")))

    def on_message_begin(self) -> None:
        self._answer, self._chunks = Answer(), []

    def on_header(self, name: bytes, value: bytes) -> None:
        self._answer.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._answer.status = self._parser.get_status_code()
        if self._on_body is not None and self._answer.status == 200:
            self._settle()

    def on_body(self, body: bytes) -> None:
        if self._on_body is not None and self._answer.status == 200:
            self._on_body(body)
        else:
            self._chunks.append(body)

    def on_message_complete(self) -> None:
        self._answer.body = b"".join(self._chunks)
        self._settle()
        self._waiting = None
        self.idle_since = asyncio.get_running_loop().time()
        if self._on_body is not None or not self._parser.should_keep_alive():
            self.close()

    def _settle(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(self._answer)


async def connect(origin: Origin) -> Connection:
    """A new connection; raises OSError, TimeoutError included, where the server cannot be reached."""
    loop = asyncio.get_running_loop()
    context = ssl.create_default_context() if origin.tls else None
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    async with asyncio.timeout(CONNECT_SECONDS):
        _, connection = await loop.create_connection(
            lambda: Connection(f"{host}:{origin.port}"), origin.host, origin.port, ssl=context
        )
    return connection


class Pool:
    """Connections to one server: an idle one is used again, `most` are open at once, further requests queue."""

    def __init__(self, url: str, most: int = 64) -> None:
        self.origin = Origin.of(url)
        self._idle: list[Connection] = []
        self._places = asyncio.Semaphore(most)

    async def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        seconds: float = ANSWER_SECONDS,
    ) -> Answer:
        """One request and its whole answer. Raises Unanswered; whether to repeat it is the caller's to know."""
        async with self._places:
            connection = await self._take()
            answer = await connection.request(method, path, headers, body, seconds=seconds)
            if connection.usable:
                self._idle.append(connection)
            return answer

    def close(self) -> None:
        """Drop the idle connections."""
        while self._idle:
            self._idle.pop().close()

    async def _take(self) -> Connection:
        oldest = asyncio.get_running_loop().time() - IDLE_SECONDS
        while self._idle:
            connection = self._idle.pop()
            if connection.usable and connection.idle_since > oldest:
                return connection
            connection.close()
        try:
            return await connect(self.origin)
        except OSError as error:
            raise Unanswered(f"{self.origin.host}:{self.origin.port} cannot be reached") from error
