"""Trace ids of requests (W3C Trace Context), request metrics and the headers that every answer carries."""

import re
import time
from random import getrandbits
from typing import Any

import structlog

from infra.metrics import HTTP_SECONDS

TRACEPARENT = re.compile(rb"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
NO_TRACE = b"0" * 32
STREAM = b"text/event-stream"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def trace_id_of(scope: Any) -> str:
    """The request's trace id: the caller's where its `traceparent` is valid, else one fresh id."""
    state = scope.setdefault("state", {})
    if "trace_id" not in state:
        state["trace_id"] = _read(scope) or f"{getrandbits(128):032x}"
    return str(state["trace_id"])


def traceparent(trace_id: str) -> str:
    """A header value that carries the trace on, with a new span id."""
    return f"00-{trace_id}-{getrandbits(64):016x}-01"


def _read(scope: Any) -> str | None:
    for name, value in scope["headers"]:
        if name == b"traceparent" and (match := TRACEPARENT.fullmatch(value)) and match[1] != NO_TRACE:
            return str(match[1].decode())
    return None


class Trace:
    """ASGI middleware around a whole application: binds the trace id to the log, measures each request once.

    A stream is not measured: its length says nothing.
    """

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen: dict[str, Any] = {"status": 500, "stream": False}

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                _note(message, seen)
            await send(message)

        begun = time.perf_counter()
        structlog.contextvars.bind_contextvars(trace_id=trace_id_of(scope))
        try:
            await self._app(scope, receive, sending)
        finally:
            structlog.contextvars.unbind_contextvars("trace_id")
            if not seen["stream"]:
                _measure(scope, seen["status"], time.perf_counter() - begun)


def _note(message: Any, seen: dict[str, Any]) -> None:
    headers = message.setdefault("headers", [])
    headers = message["headers"] = [*headers, (b"x-content-type-options", b"nosniff")]
    seen["status"] = message["status"]
    seen["stream"] = any(n.lower() == b"content-type" and v.startswith(STREAM) for n, v in headers)


def _measure(scope: Any, status: int, seconds: float) -> None:
    route = getattr(scope.get("route"), "path", "other")
    method = scope["method"] if scope["method"] in METHODS else "other"
    HTTP_SECONDS.labels(route, method, str(status)).observe(seconds)
