"""What /livez, /readyz and /metrics say: named checks set by those who know, and the main loop's heartbeat."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from infra.http.serve import serve as serve_http

BEAT_SECONDS = 10.0
PATHS = frozenset({"/livez", "/readyz", "/metrics"})


@dataclass(frozen=True)
class Check:
    ok: bool
    reason: str


class Health:
    """The state of one process. Ready: every expected check was reported and every reported one is good.

    A process that never calls `beat()` is taken as alive; one that did is alive while the last beat is
    younger than `beat_seconds`.
    """

    def __init__(
        self,
        expected: Iterable[str] = (),
        *,
        beat_seconds: float = BEAT_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._checks = {name: Check(False, "not reported yet") for name in expected}
        self._beat_seconds, self._monotonic = beat_seconds, monotonic
        self._last_beat: float | None = None

    def set(self, name: str, ok: bool, reason: str = "") -> None:
        """Report one check; the reason is shown to operators, so it names no secret."""
        self._checks[name] = Check(ok, reason)

    def beat(self) -> None:
        """The main loop made a round."""
        self._last_beat = self._monotonic()

    @property
    def ready(self) -> bool:
        return self.alive and all(check.ok for check in self._checks.values())

    @property
    def alive(self) -> bool:
        return self._last_beat is None or self._monotonic() - self._last_beat <= self._beat_seconds

    def report(self) -> dict[str, Any]:
        """The body of /readyz."""
        checks = {
            name: {"ok": check.ok} | ({"reason": check.reason} if check.reason else {})
            for name, check in sorted(self._checks.items())
        }
        return {"ready": self.ready, "checks": checks}

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Status, content type and body for one of PATHS."""
        if path == "/metrics":
            return 200, CONTENT_TYPE_LATEST, generate_latest()
        if path == "/livez":
            return 200 if self.alive else 503, "application/json", orjson.dumps({"alive": self.alive})
        return 200 if self.ready else 503, "application/json", orjson.dumps(self.report())


class HealthApp:
    """The three paths as a plain ASGI application; an HTTP service puts its own application behind it."""

    def __init__(self, health: Health, behind: Any = None) -> None:
        self._health, self._behind = health, behind

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        known = scope["type"] == "http" and scope["path"] in PATHS and scope["method"] in ("GET", "HEAD")
        if not known and self._behind is not None:
            await self._behind(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, send, known)

    async def _answer(self, scope: Any, send: Any, known: bool) -> None:
        status, kind, body = self._health.answer(scope["path"]) if known else (404, "text/plain", b"")
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def serve(health: Health, host: str, port: int, stop: asyncio.Event | None = None) -> None:
    """Answer the three paths on their own port until `stop` or cancellation."""
    await serve_http(HealthApp(health), host, port, stop=stop, name="health", quiet=True)
