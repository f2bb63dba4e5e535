"""Secrets are planted wherever a client can put one, and looked for in everything that the platform writes."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from infra.kafka.client import producer
from infra.stack.platform import Platform
from schemas.command import Command, encode_command
from schemas.match import Join
from schemas.topics import MATCHES
from tests.e2e import traces

pytestmark = pytest.mark.stack
DEADLINE = 20.0
CANARY = "c4n4ry-7f3e"  # what a client sends by mistake, in places where it does not belong
LETTER = b"l3tt3r-9b1d"  # in a record that nobody can read: its copy among the dead letters has it, nothing else
WAIT = {"prefer": "wait=10"}


@dataclass(frozen=True)
class Planted:
    """tokens: all that were ever handed out; hidden: a throw that nobody may know yet."""

    tokens: list[str]
    match: str
    hidden: str


class Guest:
    """A program's or a browser's session; every token that it is given is kept."""

    def __init__(self, http: httpx2.AsyncClient, browser: bool) -> None:
        self.http, self._browser = http, browser
        self.tokens: list[str] = []
        self.refreshes: list[str] = []

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self._browser:
            named["origin"] = str(self.http.base_url).rstrip("/")
        elif self.tokens:
            named.setdefault("authorization", f"Bearer {self.tokens[-1]}")
        return await self.http.request(method, path, json=body, headers=named)

    async def session(self, path: str, body: Mapping[str, Any]) -> httpx2.Response:
        answer = await self.ask("POST", path, body)
        for name, value in answer.cookies.items():
            (self.refreshes if "refresh" in name else self.tokens).append(value)
        if answer.is_success and not self._browser:
            self.tokens.append(answer.json()["access_token"])
            self.refreshes.append(answer.json()["refresh_token"])
        return answer

    async def command(self, path: str, body: Mapping[str, Any]) -> httpx2.Response:
        answer = await self.ask("POST", path, body, idempotency_key=uuid4().hex, **WAIT)
        assert answer.is_success, answer.text
        return answer


@pytest.fixture(scope="module")
async def planted(platform: Platform) -> AsyncIterator[Planted]:
    """Two guests who sit in an open round; clients who make every mistake; a stolen token; a poisoned topic."""
    platform.wait_ready()
    async with (
        httpx2.AsyncClient(base_url=platform.url, timeout=DEADLINE) as one,
        httpx2.AsyncClient(base_url=platform.url, timeout=DEADLINE) as other,
    ):
        ann, bob = Guest(one, browser=False), Guest(other, browser=True)
        for guest in (ann, bob):
            assert (await guest.session("/auth/v1/guests", {})).status_code == 201
        assert bob.tokens
        match = (await ann.command("/v1/matches", {"game": "rpsfw"})).json()["id"]
        commands = f"/v1/matches/{match}/commands"
        await bob.command(commands, {"type": "join"})
        await ann.command(commands, {"type": "play", "move": {"shape": "scissors"}})
        await _look_around(bob, match)
        await _mistakes(ann, commands)
        await _lose_tokens(ann, bob)
        await _poison(platform, match)
        yield Planted([*ann.tokens, *ann.refreshes, *bob.tokens, *bob.refreshes], match, "scissors")


async def _look_around(bob: Guest, match: str) -> None:
    """The opponent asks for all he can get, while the throw is face down."""
    for path in (f"/v1/matches/{match}", f"/v1/matches/{match}/history", f"/v1/matches/{CANARY}", "/auth/v1/me"):
        answer = await bob.ask("GET", path)
        assert "scissors" not in answer.text
        assert CANARY not in answer.text


async def _mistakes(ann: Guest, commands: str) -> None:
    """The secret in each place that a request has; every answer is a refusal without it."""
    key = {"idempotency_key": uuid4().hex}
    answers = [
        await ann.ask("GET", f"/v1/games?access_token={CANARY}", authorization=f"Bearer {CANARY}"),
        await ann.ask("GET", "/v1/games", authorization=f"Basic {CANARY}", cookie=f"playlog_access={CANARY}"),
        await ann.ask("POST", "/v1/matches", {"game": CANARY}, **key),
        await ann.ask("POST", "/v1/matches", {"game": "rps", CANARY: 1}, **key),
        await ann.ask("POST", commands, {"type": "play", "move": {"shape": CANARY}}, **key, **WAIT),
        await ann.ask("POST", commands, {"type": "play", "move": {"shape": "rock"}}, idempotency_key=CANARY * 40),
        await ann.ask("POST", commands, {"type": CANARY}, **key, x_forwarded_for=CANARY, traceparent=CANARY),
        await ann.ask("POST", "/auth/v1/tokens", {"refresh_token": CANARY}),
        await ann.ask("POST", "/auth/v1/guests", {"password": CANARY}),
        await ann.ask("GET", f"/auth/v1/{CANARY}?token={CANARY}", user_agent=CANARY),
        await ann.ask("GET", f"/{CANARY}", referer=CANARY, host=f"{CANARY}.example"),
    ]
    assert [answer.status_code for answer in answers if not 400 <= answer.status_code < 500] == []
    assert [answer.text for answer in answers if CANARY in answer.text] == []


async def _lose_tokens(ann: Guest, bob: Guest) -> None:
    """Renewed, used a second time as a thief would, and given back."""
    assert (await bob.session("/auth/v1/tokens", {})).status_code == 200
    first = {"refresh_token": ann.refreshes[-1]}
    assert (await ann.session("/auth/v1/tokens", first)).status_code == 200
    assert (await ann.ask("POST", "/auth/v1/tokens", first)).status_code == 401
    assert (await bob.ask("POST", "/auth/v1/logout", {})).status_code == 204


async def _poison(platform: Platform, match: str) -> None:
    """Commands that nobody can read, and one with the secret where its trace should be."""
    good = encode_command(Command(str(uuid4()), match, str(uuid4()), "0" * 32, Join()), 0, "/canary")
    noise = [("traceparent", LETTER), ("x-note", LETTER)]
    writer = producer(platform.environment["PLAYLOG_KAFKA"])
    await writer.start()
    try:
        for value in (LETTER, b'{"player":"%b"}' % LETTER):
            headers = [*good.headers, *noise]
            await writer.send_and_wait(MATCHES.commands, value, good.key, 0, headers=headers)
    finally:
        await writer.stop()


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Where services and stores write their logs."""
    return [*tmp_path_factory.getbasetemp().glob("platform*")]


@pytest.fixture(scope="module")
async def left(platform: Platform, places: list[Path], planted: Planted) -> Mapping[str, Mapping[str, bytes]]:
    """Everything that was written, once all of it has arrived everywhere."""
    environment = platform.environment
    deadline = time.monotonic() + DEADLINE
    while True:
        found = {
            "logs": traces.logs(places),
            "metrics": traces.metrics(platform),
            "topics": await traces.topics(environment["PLAYLOG_KAFKA"]),
            "redis": await traces.redis(environment["PLAYLOG_REDIS_URL"]),
            "postgres": await traces.postgres(environment["PLAYLOG_POSTGRES_URL"]),
        }
        letters = found["topics"][MATCHES.dead_letters].count(LETTER)
        stored = traces.holding(found["postgres"], planted.match.encode())
        if (letters >= 2 and stored) or time.monotonic() > deadline:
            return found
        await asyncio.sleep(0.2)


def test_the_search_finds_what_is_there(left: Mapping[str, Mapping[str, bytes]], planted: Planted) -> None:
    match = planted.match.encode()
    for place in ("topics", "redis", "postgres"):
        assert traces.holding(left[place], match), place
    assert {"gateway.log", "auth.log", "kafka.log", "postgres.log"} <= left["logs"].keys()
    assert b"command_unreadable" in b"".join(left["logs"].values())
    assert b"playlog_dead_letters_total" in b"".join(left["metrics"].values())
    assert len(planted.tokens) >= 8


def test_no_token_is_written_down(left: Mapping[str, Mapping[str, bytes]], planted: Planted) -> None:
    for token in planted.tokens:
        secret = token.rpartition(".")[2].encode()  # a JWT's first parts are told to nobody either, but common
        for place, found in left.items():
            assert traces.holding(found, secret) == [], place


def test_what_clients_send_by_mistake_is_written_nowhere(left: Mapping[str, Mapping[str, bytes]]) -> None:
    for place in ("logs", "metrics", "redis", "postgres"):
        assert traces.holding(left[place], CANARY.encode()) == [], place


def test_an_unreadable_command_is_kept_among_the_dead_letters_alone(
    left: Mapping[str, Mapping[str, bytes]],
) -> None:
    expected = {MATCHES.commands, MATCHES.dead_letters}
    assert {name for name, text in left["topics"].items() if LETTER in text} == expected
    for place in ("logs", "metrics", "redis", "postgres"):
        assert traces.holding(left[place], LETTER) == [], place


def test_a_throw_that_lies_face_down_is_in_no_log(
    left: Mapping[str, Mapping[str, bytes]], planted: Planted
) -> None:
    for place in ("logs", "metrics"):
        assert traces.holding(left[place], planted.hidden.encode()) == [], place


def test_no_private_key_leaves_its_folder(left: Mapping[str, Mapping[str, bytes]], places: list[Path]) -> None:
    keys = [json.loads(path.read_text())["d"] for folder in places for path in folder.glob("keys/*.jwk")]
    assert keys
    for key in keys:
        for place, found in left.items():
            assert traces.holding(found, key.encode()) == [], place
