"""One connection to Redis for all of a process: pipelined commands and subscriptions together.

redis-py's asyncio client costs 100 us of CPU for an HMGET, this 18 (2 cores, loopback), and a move needs several;
the protocol itself is hiredis.
Replies come in the order of the commands, so what follows a SUBSCRIBE is answered after the subscription stands.
"""

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, cast

import hiredis
import structlog
from redis.asyncio.connection import parse_url
from redis.exceptions import ResponseError

from infra.backoff import Backoff
from infra.metrics import STORE_AWAY

log = structlog.get_logger()
CONNECT_SECONDS = 2.0
REPLY_SECONDS = 2.0
WATCH_SECONDS = 0.5
MOST_PENDING = 20_000
CONFIRMATIONS = frozenset({b"subscribe", b"unsubscribe"})
UNFINISHED = object()

Argument = bytes | str | int
OnMessage = Callable[[bytes, bytes], None]
Reply = asyncio.Future[Any]


class ServerError(ResponseError):
    """An error reply; raised to whoever sent the command."""


class Away(ConnectionError):
    """Redis cannot be reached or does not answer in time."""


def _ignore(_channel: bytes, _payload: bytes) -> None:
    pass


def _nothing() -> None:
    pass


class Line:
    """Commands and hints over one connection that `run` keeps open.

    `call` never waits for a connection: while there is none it fails at once. `on_message(channel, payload)` and
    `on_open()` (subscriptions must be made again) are called from the event loop and must not block.
    """

    def __init__(
        self, url: str, name: str, on_message: OnMessage = _ignore, on_open: Callable[[], None] = _nothing
    ) -> None:
        self._target, self._name = parse_url(url), name
        self._on_message, self._on_open = on_message, on_open
        self._wire: _Wire | None = None

    @property
    def up(self) -> bool:
        return self._wire is not None

    def call(self, *arguments: Argument) -> Reply:
        """Send a command; the reply, ServerError or Away arrives in the future."""
        if self._wire is None:
            return _failed(Away("no connection to Redis"))
        return self._wire.call(arguments)

    async def run(self, stop: asyncio.Event) -> None:
        """Keep a connection until `stop`; back off while Redis is away."""
        backoff = Backoff(stop, first=0.05, most=2.0)
        while not stop.is_set():
            wire = _Wire(self._on_message)
            try:
                await self._open(wire)
                backoff.reset()
                await wire.watch(stop)
            except (OSError, TimeoutError, ServerError, ValueError) as error:
                STORE_AWAY.labels("redis").inc()
                log.warning("redis_away", error=type(error).__name__, attempt=backoff.attempt)
            finally:
                self._wire = None
                wire.close()
            await backoff.wait()

    async def _open(self, wire: "_Wire") -> None:
        async with asyncio.timeout(CONNECT_SECONDS):
            await _connect(self._target, wire)
            for command in _greeting(self._target, self._name):
                await wire.call(command)
        self._wire = wire
        log.info("redis_reached")
        self._on_open()


class _Wire(asyncio.Protocol):
    """One connection's life: replies matched to commands by their order."""

    def __init__(self, on_message: OnMessage) -> None:
        self._on_message = on_message
        self._pending: deque[tuple[Reply, float]] = deque()
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._reader: Any = hiredis.Reader(
            protocolError=ValueError, replyError=ServerError, notEnoughData=UNFINISHED
        )
        self._lost = self._loop.create_future()
        self._behind: list[bytes] | None = None  # written together at the end of the loop's turn; None: at once

    def call(self, arguments: tuple[Argument, ...]) -> Reply:
        if self._transport is None or self._transport.is_closing() or len(self._pending) >= MOST_PENDING:
            return _failed(Away("the connection to Redis is closed or full"))
        reply: Reply = self._loop.create_future()
        self._pending.append((reply, self._loop.time()))
        packed: bytes = hiredis.pack_command(arguments)  # type: ignore[arg-type]  # its stub knows one argument only
        if self._behind is None:
            self._transport.write(packed)
            self._behind = []
            self._loop.call_soon(self._flush)
        else:
            self._behind.append(packed)
        return reply

    def _flush(self) -> None:
        behind, self._behind = self._behind, None
        if behind and self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(behind))

    async def watch(self, stop: asyncio.Event) -> None:
        """Return at `stop`; raise Away when the connection ends or the oldest command waits too long."""
        ended = asyncio.ensure_future(stop.wait())
        try:
            while not ended.done():
                await asyncio.wait({ended, self._lost}, timeout=WATCH_SECONDS, return_when="FIRST_COMPLETED")
                if self._lost.done():
                    raise Away("the connection to Redis ended")
                if self._pending and self._loop.time() - self._pending[0][1] > REPLY_SECONDS:
                    raise Away("Redis does not answer")
        finally:
            ended.cancel()

    def close(self) -> None:
        if self._transport:
            self._transport.abort()
        self._fail()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class

    def connection_lost(self, _error: Exception | None) -> None:
        if not self._lost.done():
            self._lost.set_result(None)
        self._fail()

    def data_received(self, data: bytes) -> None:
        try:
            self._reader.feed(data)
            while (item := self._reader.gets()) is not UNFINISHED:
                self._take(item)
        except ValueError:
            log.error("redis_talks_nonsense")
            self.close()

    def _take(self, item: Any) -> None:
        if type(item) is hiredis.PushNotification and item[0] not in CONFIRMATIONS:
            if item[0] == b"message":
                self._on_message(item[1], item[2])
            return
        reply, _ = self._pending.popleft()
        if reply.done():
            return
        if isinstance(item, ServerError):
            reply.set_exception(item)
        else:
            reply.set_result(item)

    def _fail(self) -> None:
        while self._pending:
            reply, _ = self._pending.popleft()
            if not reply.done():
                reply.set_exception(Away("the connection to Redis ended"))


def _failed(error: Exception) -> Reply:
    reply: Reply = asyncio.get_running_loop().create_future()
    reply.set_exception(error)
    return reply


async def _connect(target: Mapping[str, Any], wire: _Wire) -> None:
    loop = asyncio.get_running_loop()
    if path := target.get("path"):
        await loop.create_unix_connection(lambda: wire, path)
        return
    tls = "SSL" in getattr(target.get("connection_class"), "__name__", "")
    context = ssl.create_default_context(cafile=target.get("ssl_ca_certs")) if tls else None
    await loop.create_connection(
        lambda: wire, target.get("host", "localhost"), target.get("port", 6379), ssl=context
    )


def _greeting(target: Mapping[str, Any], name: str) -> list[tuple[Argument, ...]]:
    """HELLO with name and password, then the database."""
    password = target.get("password")
    login = ("AUTH", target.get("username") or "default", password) if password else ()
    commands: list[tuple[Argument, ...]] = [("HELLO", "3", *login, "SETNAME", name)]
    if database := target.get("db"):
        commands.append(("SELECT", str(database)))
    return commands


def consume(reply: Reply) -> None:
    """Callback for replies that nobody needs: an error is not reported as forgotten."""
    with contextlib.suppress(asyncio.CancelledError):
        reply.exception()
