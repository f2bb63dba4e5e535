"""uvicorn's HTTP/1.1 with bounds on a request's head, in bytes and time, and fewer writes.

uvicorn with httptools has no bounds (attacks: 70 kB header, 1,000 headers, slowloris); a proxy in front has them.
Each write is a system call of about 10 us, and so is the other end's read.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 16 * 1024
HEADERS = 100
HEAD_SECONDS = 10.0
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class HeadTooLarge(Exception):
    """More or longer headers than anybody needs."""


class Joined:
    """A transport for one response with a body: its head waits for the body's first part, both are one write."""

    __slots__ = ("_head", "_transport", "is_closing")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport, self.is_closing = transport, transport.is_closing
        self._head: bytes | None = b""  # b"": not here yet, None: written

    def write(self, data: bytes) -> None:
        if self._head is None or data == CONTINUE:
            self._transport.write(data)
        elif self._head:
            head, self._head = self._head, None
            self._transport.write(head + data)
        else:
            self._head = data

    def close(self) -> None:
        if self._head:
            self._transport.write(self._head)
        self._transport.close()


class Protocol(HttpToolsProtocol):
    """One connection.

    `scope["extensions"]` has `playlog.abort`, which drops it with what is still unsent, and `playlog.write`, which
    writes a part of a streamed body at once, without ASGI's way, unless (False) it has to wait for the reader.
    """

    _late: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_here()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._start_clock()  # uvicorn's has stopped at these bytes, though they may begin nothing
        if self._in_head and self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("Request header too large.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await_head()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope["extensions"] = {"playlog.abort": self.transport.abort, "playlog.write": self._write_part}

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(self.headers) >= HEADERS or len(value) > HEAD_BYTES:
            raise HeadTooLarge
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._head_is_here()
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before and self.scope["method"] != "HEAD":
            self.cycle.transport = Joined(self.transport)  # type: ignore[assignment]

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_head, self._head_bytes = True, 0

    def _write_part(self, data: bytes) -> bool:
        cycle = self.cycle
        streams = cycle.chunked_encoding and cycle.response_started and not cycle.response_complete
        if not streams or cycle.disconnected or self.flow.write_paused or self.transport.is_closing():
            return False
        cycle.transport.write(b"%x\r\n%b\r\n" % (len(data), data))
        return True

    def _await_head(self) -> None:
        self._in_head = True
        self._start_clock()

    def _start_clock(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(HEAD_SECONDS, self._cut)

    def _head_is_here(self) -> None:
        self._in_head = False
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _cut(self) -> None:
        self._late = None
        self.transport.abort()
