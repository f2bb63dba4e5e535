"""A guest: signs in, keeps its access token fresh, sends commands under idempotency keys, follows matches."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from playlog.client.http import Answer, Pool, Unanswered
from playlog.client.sse import Event
from playlog.client.stream import EventStream

FRESH_SECONDS = 60.0  # a token is exchanged this long before it expires
TRIES = 3
PATIENCE_SECONDS = 10.0
JSON = {"content-type": "application/json"}


class Failed(Exception):
    """The server refused what a scripted player is entitled to."""

    def __init__(self, what: str, answer: Answer) -> None:
        self.status = answer.status
        self.code = _code(answer)
        super().__init__(f"{what}: {answer.status} {self.code}")


def _code(answer: Answer) -> str:
    """The problem's code (RFC 9457), where it is one."""
    try:
        return str(answer.json().get("code", ""))
    except (ValueError, AttributeError):
        return ""


class Player:
    """One signed-in guest. Its requests share the pool's connections."""

    def __init__(self, pool: Pool, tokens: Mapping[str, Any]) -> None:
        self._pool = pool
        self._refreshing = asyncio.Lock()
        self.id, self.name = str(tokens["player"]["id"]), str(tokens["player"]["name"])
        self._take(tokens)

    @classmethod
    async def guest(cls, pool: Pool) -> "Player":
        """A new guest. Raises Failed and Unanswered."""
        answer = await pool.request("POST", "/auth/v1/guests", JSON, b"{}")
        if answer.status != 201:
            raise Failed("a guest could not sign in", answer)
        return cls(pool, answer.json())

    def _take(self, tokens: Mapping[str, Any]) -> None:
        self.bearer = {"authorization": f"Bearer {tokens['access_token']}"}
        self._refresh_token = tokens["refresh_token"]
        self._expires = time.monotonic() + tokens["expires_in"]

    async def authorization(self) -> Mapping[str, str]:
        """The header that a request needs; the token is exchanged when it has little time left."""
        if time.monotonic() > self._expires - FRESH_SECONDS:
            async with self._refreshing:
                if time.monotonic() > self._expires - FRESH_SECONDS:
                    await self._refresh()
        return self.bearer

    async def _refresh(self) -> None:
        """Never repeated: a refresh token works once, and a second use ends the session."""
        body = orjson.dumps({"refresh_token": self._refresh_token})
        answer = await self._pool.request("POST", "/auth/v1/tokens", JSON, body)
        if answer.status != 200:
            raise Failed("the token could not be renewed", answer)
        self._take(answer.json())

    async def get(self, path: str, **headers: str) -> Answer:
        """GET; header names with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._pool.request("GET", path, {**await self.authorization(), **named})

    async def post(self, path: str, body: bytes, key: str | None = None, wait: int | None = None) -> Answer:
        """POST one command; repeated under the same key where nobody knows whether the first try arrived."""
        headers = {
            **await self.authorization(),
            **JSON,
            "idempotency-key": key or secrets.token_hex(12),
        }
        if wait is not None:
            headers["prefer"] = f"wait={wait}"
        for left in reversed(range(TRIES)):
            try:
                return await self._pool.request("POST", path, headers, body)
            except Unanswered:
                if not left:
                    raise
        raise AssertionError("unreachable")

    async def persist(self, path: str, body: bytes, wait: int) -> Answer:
        """POST one command, again under its key while the server asks for patience, PATIENCE_SECONDS at most."""
        key, until = secrets.token_hex(12), time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = await self.post(path, body, key, wait)
            pause = answer.headers.get("retry-after", "")
            if answer.status not in (429, 503) or not pause.isdigit() or time.monotonic() > until:
                return answer
            await asyncio.sleep(min(float(pause), 2.0))

    async def create(self, game: str, wait: int = 10, **options: Any) -> dict[str, Any]:
        """A new match as its creator sees it. Raises Failed."""
        answer = await self.persist("/v1/matches", orjson.dumps({"game": game, "options": options}), wait)
        return _view("the match was not created", answer, 201)

    async def command(self, match: str, body: Mapping[str, Any], wait: int = 10) -> dict[str, Any]:
        """Send a command and wait for the view that came of it. Raises Failed where it was rejected or late."""
        answer = await self.persist(commands_path(match), orjson.dumps(body), wait)
        return _view(f"{body.get('type')} was not accepted", answer, 200)

    def follow(self, match: str, on_event: Callable[[Event], None]) -> EventStream:
        """This player's event stream of a match; `run` it as a task."""
        return EventStream(self._pool.origin, f"/v1/matches/{match}/events", self.authorization, on_event)


def commands_path(match: str) -> str:
    """Where a match takes commands."""
    return f"/v1/matches/{match}/commands"


def _view(what: str, answer: Answer, status: int) -> dict[str, Any]:
    if answer.status != status:
        raise Failed(what, answer)
    view: dict[str, Any] = answer.json()
    return view
