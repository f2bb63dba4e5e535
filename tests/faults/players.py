"""Players and spectators through the gateway: what they asked, what they were told, what they saw, and when."""

import asyncio
import contextlib
import itertools
import math
import random
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from playlog.client.http import Answer, Pool, Unanswered
from playlog.client.player import Failed, Player
from playlog.client.sse import Event
from playlog.client.stream import EventStream, Refused
from tests.proof.evidence import ClientEvent, Connection, Frame

WAIT = {"prefer": "wait=3"}
JSON = {"content-type": "application/json"}
RETRY_SECONDS = 0.25
PATIENCE_SECONDS = 120.0  # longer than any fault
SEEN_SECONDS = 60.0
SHAPES = ("rock", "paper", "scissors")
UNKNOWN_TOKEN, FORBIDDEN = 401, 403
DECIDED = frozenset({200, 201, 409, FORBIDDEN})
REFUSED_AT_ONCE = frozenset({401, 422, 429})


@dataclass
class Notes:
    """All that clients noted in one run."""

    history: list[ClientEvent] = field(default_factory=list)
    watches: list["Watcher"] = field(default_factory=list)
    waits: list[tuple[float, float]] = field(default_factory=list)  # from a command to both players' views of it
    troubles: list[str] = field(default_factory=list)

    def longest(self, since: float = 0.0, until: float = math.inf) -> float:
        """The longest wait in seconds, as far as it lies between `since` and `until` (monotonic)."""
        found = [min(ended, until) - max(began, since) for began, ended in self.waits]
        return max([0.0, *found])

    def after_returns(self, returns: Iterable[float], faults: Iterable[float]) -> float:
        """The longest wait behind a return, in seconds: the next fault's time is not that return's."""
        faults = sorted(faults)
        ends = {back: next((at for at in faults if at > back), math.inf) for back in returns}
        return max((self.longest(back, end) for back, end in ends.items()), default=0.0)

    def regained(self) -> float:
        """The longest wait of a command whose request once got no answer, in seconds: from the first request after
        the last cut that got one until the command's outcome was known."""
        invoked: dict[str, float] = {}
        cut, again, longest = set[str | None](), dict[str | None, float](), 0.0
        for event in self.history:
            if event.kind == "invoke":
                invoked[event.call] = event.at
            elif event.action == "command" and event.status is None:
                cut.add(event.key)
                again.pop(event.key, None)
            elif event.key in cut:
                began = again.setdefault(event.key, invoked[event.call])
                longest = max(longest, event.at - began) if event.status in DECIDED else longest
        return longest

    def connections(self) -> list[Connection]:
        return [connection for watch in self.watches for connection in watch.connections()]

    def between_tries(self) -> int:
        """How many streams have been cut and are not connected again."""
        return sum(1 for watch in self.watches if watch.between_tries)


class Watcher:
    """One stream, over as many connections as it takes, with every frame it saw."""

    numbers = itertools.count()

    def __init__(self, notes: Notes, player: Player, match: str) -> None:
        self.player, self.match, self.version = player, match, 0
        self._stream: EventStream = player.follow(match, self._take)
        self._headers = self._stream._headers
        self._stream._headers = self._asked
        self._frames: list[list[Frame]] = []
        self._opened: list[tuple[float, int | None]] = []
        self._news = asyncio.Event()
        self._ended = self.closed = False
        self._name = f"stream-{next(self.numbers)}"
        notes.watches.append(self)

    async def run(self) -> None:
        """Follow the match; one that is not known yet is asked for again."""
        while not self.closed and not self._ended:
            try:
                await self._stream.run()
            except Refused as error:
                if error.status == UNKNOWN_TOKEN:
                    _distrust(self.player)
            except (Failed, Unanswered):
                pass  # asked again below
            await asyncio.sleep(RETRY_SECONDS)

    @property
    def between_tries(self) -> bool:
        return not (self.closed or self._ended or self._stream.opened.is_set())

    def close(self) -> None:
        self.closed = True
        self._stream.close()

    async def reach(self, version: int) -> bool:
        """Whether the view of this version, or a later one, comes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SEEN_SECONDS):
                while self.version < version:
                    self._news.clear()
                    await self._news.wait()
        return self.version >= version

    def connections(self) -> list[Connection]:
        """What it saw, as evidence."""
        found = []
        for number, ((opened, last), frames) in enumerate(zip(self._opened, self._frames, strict=True)):
            newest = number == len(self._frames) - 1
            ended = "end" if newest and self._ended else "open" if newest and not self.closed else "cut"
            name = f"{self._name}.{number}"
            found.append(
                Connection(name, self.player.id, self.match, opened, ended, last, tuple(frames))  # type: ignore[arg-type]
            )
        return found

    async def _asked(self) -> Mapping[str, str]:
        """A new connection begins."""
        headers = await self._headers()
        last = self._stream.last_id
        if self._frames and not self._frames[-1]:
            self._frames.pop()  # an attempt that brought nothing
            self._opened.pop()
        self._opened.append((time.monotonic(), int(last) if last else None))
        self._frames.append([])
        return headers

    def _take(self, event: Event) -> None:
        number = int(event.id) if event.name == "view" else None
        self._frames[-1].append(Frame(time.monotonic(), event.name, number, event.data.decode()))
        self._ended = self._ended or event.name == "end"
        if number is not None:
            self.version = max(self.version, number)
            self._news.set()


class Seat:
    """A player who writes everything down."""

    calls = itertools.count()

    def __init__(self, notes: Notes, pool: Pool, player: Player) -> None:
        self.notes, self.player, self._pool = notes, player, pool

    async def command(self, path: str, body: Mapping[str, Any], match: str | None) -> Answer:
        """Send one command, again under the same key, until somebody says what became of it."""
        key, raw = secrets.token_hex(12), orjson.dumps(body)
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = await self._once(path, raw, key, body, match)
            if answer is not None and answer.status in DECIDED:
                return answer
            if time.monotonic() > until:
                raise Unanswered(f"{path}: nothing became of {body}")
            await asyncio.sleep(RETRY_SECONDS * (0.5 + random.random()))

    async def _once(
        self, path: str, raw: bytes, key: str, body: Mapping[str, Any], match: str | None
    ) -> Answer | None:
        call = f"call-{next(self.calls)}"
        known = {"action": "command", "call": call, "client": self.player.id, "player": self.player.id}
        placed = {**known, "match": match, "key": key, "path": path, "sent": body}
        self._note("invoke", placed)
        try:
            headers = {**await self.player.authorization(), **JSON, **WAIT, "idempotency-key": key}
            answer = await self._pool.request("POST", path, headers, raw)
        except (Unanswered, Failed):
            self._note("info", placed)
            return None
        self._note(_kind(answer), {**placed, **_read(answer)})
        if answer.status == UNKNOWN_TOKEN:
            _distrust(self.player)
        return answer

    async def view(self, match: str) -> Answer | None:
        """Look at the match."""
        path = f"/v1/matches/{match}"
        placed = {"action": "view", "call": f"call-{next(self.calls)}", "client": self.player.id}
        placed |= {"player": self.player.id, "match": match, "path": path}
        self._note("invoke", placed)
        try:
            answer = await self._pool.request("GET", path, await self.player.authorization())
        except (Unanswered, Failed):
            self._note("info", placed)
            return None
        self._note("ok" if answer.status == 200 else "fail", {**placed, **_read(answer)})
        return answer

    def _note(self, kind: Any, fields: Mapping[str, Any]) -> None:
        self.notes.history.append(ClientEvent(kind=kind, at=time.monotonic(), **fields))


def _distrust(player: Player) -> None:
    """The clock of who checks tokens went ahead: the next request fetches another one first."""
    player._expires = 0.0


def _kind(answer: Answer) -> str:
    if answer.status in REFUSED_AT_ONCE:
        return "fail"
    return "info" if answer.status >= 500 else "ok"


def _read(answer: Answer) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        body = None
    named = body if isinstance(body, dict) else {}
    return {"status": answer.status, "answer": body, "code": named.get("code"), "version": named.get("version")}


class Table:
    """Two guests who play one match after the other until they are told to stop, each watching the stream."""

    def __init__(self, notes: Notes, pool: Pool, seed: int, game: str = "rps") -> None:
        self.notes, self._pool, self._game = notes, pool, game
        self._random = random.Random(seed)
        self._tasks: list[asyncio.Task[None]] = []

    async def close(self) -> None:
        """End the streams that are still open."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def run(self, stop: asyncio.Event, pause: float) -> None:
        """`pause`: seconds between moves."""
        guests = [await guest(self._pool) for _ in range(2)]
        seats = tuple(Seat(self.notes, self._pool, guest) for guest in guests)
        while not stop.is_set():
            try:
                await self._match(seats, stop, pause)
            except Unanswered as error:
                self.notes.troubles.append(str(error))

    async def _match(self, seats: tuple[Seat, ...], stop: asyncio.Event, pause: float) -> None:
        options = {"best_of": 7, "move_seconds": 86_400, "opponent": "open"}
        made = await seats[0].command("/v1/matches", {"game": self._game, "options": options}, None)
        match = made.json()["id"]
        watches = [Watcher(self.notes, seat.player, match) for seat in seats]
        self._tasks += [asyncio.create_task(watch.run()) for watch in watches]
        over = False
        try:
            await self._move(seats[1], watches, match, {"type": "join"})
            while not over and not stop.is_set():
                for seat in self._random.sample(seats, 2):
                    shape = self._random.choice(SHAPES)
                    over = over or await self._move(
                        seat, watches, match, {"type": "play", "move": {"shape": shape}}
                    )
                    await asyncio.sleep(pause * self._random.uniform(0.5, 1.5))
            await seats[0].view(match)
        finally:
            if over:  # the last ones stay, to see what comes to rest
                for watch in watches:
                    watch.close()

    async def _move(self, seat: Seat, watches: list[Watcher], match: str, body: Mapping[str, Any]) -> bool:
        """Whether the match is over with it."""
        began = time.monotonic()
        answer = await seat.command(f"/v1/matches/{match}/commands", body, match)
        if answer.status != 200:
            return bool(answer.json().get("code") == "ended")
        view = answer.json()
        if not all([await watch.reach(view["version"]) for watch in watches]):
            self.notes.troubles.append(f"{match}: version {view['version']} never came by stream")
        self.notes.waits.append((began, time.monotonic()))
        return bool(view["status"] == "ended")


async def guest(pool: Pool) -> Player:
    """A guest, however long it takes to be let in."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return await Player.guest(pool)
        except (Failed, Unanswered):
            if time.monotonic() > until:
                raise
            await asyncio.sleep(RETRY_SECONDS)
