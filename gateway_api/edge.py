"""The outermost layer: Host names we answer to, and the headers that every answer carries."""

import re
from collections.abc import Collection
from typing import Any

from fastapi import Request

from infra.http.problems import Problem, respond

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
CSP = b"; ".join(
    [
        b"default-src 'self'",
        b"img-src 'self' data:",
        b"object-src 'none'",
        b"base-uri 'none'",
        b"form-action 'self'",
        b"frame-ancestors 'none'",
    ]
)
HEADERS = [
    (b"content-security-policy", CSP),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
]
HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]]+)(?::[0-9]*)?")
HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


class Edge:
    """ASGI middleware. `hosts`: names besides loopback's, without port."""

    def __init__(self, app: Any, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = LOOPBACK | {host.lower() for host in hosts}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        name = self._host(scope)
        extra = HEADERS if name in LOOPBACK else [*HEADERS, HSTS]

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *extra]
            await send(message)

        if name in self._hosts:
            await self._app(scope, receive, sending)
            return
        problem = Problem(400, "unknown_host", "This server does not answer to that Host name.")
        await respond(Request(scope), problem)(scope, receive, sending)

    def _host(self, scope: Any) -> str:
        """The one Host header's name; '' where there is none or more than one, or a port that is no number."""
        found = [value for name, value in scope["headers"] if name == b"host"]
        if len(found) != 1:
            return ""
        host: str = found[0].decode("latin-1").lower()
        parts = HOST.fullmatch(host)
        return parts[1] if parts else ""
