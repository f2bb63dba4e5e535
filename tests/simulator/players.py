"""Browsers: they open matches, follow them, send commands, repeat what got no answer; that is evidence."""

import asyncio
from typing import Any

import orjson

from schemas import ids
from tests.proof.evidence import ClientEvent, Connection, Frame
from tests.simulator.gateway import MATCHES, Answer, Channel, Cut, Front, Gateway
from tests.words import SHAPES

TRIES = 4
PATIENCE = 4.0
ODD: list[Any] = [
    {"type": "resign"},
    {"type": "rematch"},
    {"type": "join"},
    {"type": "play", "move": {"shape": "?"}},
    {"type": "play", "move": {"shape": "rock"}, "round": 9},
]


class History:
    """What all clients saw."""

    def __init__(self) -> None:
        self.events: list[ClientEvent] = []
        self.connections: list[Connection] = []
        self.calls = 0
        self.open = 0


class Tab:
    """A player's browser at one match."""

    def __init__(self, front: Front, history: History, player: str, match: str, game: str) -> None:
        self.front, self.world, self.history = front, front.world, history
        self.player, self.match, self.game = player, match, game
        self.view: dict[str, Any] = {}
        self.seen = 0
        self.ended = False
        self.sending = 0

    async def watch(self) -> None:
        """Follow the stream; come back with Last-Event-ID whenever it breaks."""
        world = self.world
        while not self.ended:
            gateway = self.front.any()
            if gateway is not None:
                await self._follow(gateway)
            await asyncio.sleep(world.chance.choice([0.05, 0.3, 0.8]))

    async def _follow(self, gateway: Gateway) -> None:
        world, seen = self.world, self.seen
        channel = self.front.open(gateway, self.player, self.match, seen)
        opened, frames, ended = world.loop.now, list[Frame](), "cut"
        self.history.open += 1
        name = f"{self.player[:4]}/{self.match[:4]}/{self.history.open}"
        try:
            ended = await self._read(channel, frames)
        finally:
            channel.leave()
            self.front.channels.pop(channel, None)
            now: Any = "open" if ended == "cut" and not world.faulty and world.closing else ended
            self.history.connections.append(
                Connection(name, self.player, self.match, opened, now, seen or None, tuple(frames))
            )

    async def _read(self, channel: Channel, frames: list[Frame]) -> str:
        status = await self._next(channel, 3.0)
        if status != 200:
            return "cut"
        while True:
            item = await self._next(channel, 25.0)
            if not isinstance(item, bytes):
                return "cut"
            if self.world.buggify("a browser goes away", 0.03):
                return "cut"
            if frame := parse(item, self.world.loop.now):
                frames.append(frame)
                self.world.note("frame", (self.player, self.match, frame.id, frame.data))
                if frame.event == "end":
                    self.ended = True
                    return "end"
                if frame.event == "view" and frame.id is not None:
                    self.view, self.seen = orjson.loads(frame.data), frame.id

    async def _next(self, channel: Channel, seconds: float) -> Any:
        try:
            async with asyncio.timeout(seconds):
                return await channel.chunks.get()
        except TimeoutError:
            return None

    async def play(self) -> None:
        """Do what makes sense, and sometimes what does not."""
        world = self.world
        while world.playing:
            await asyncio.sleep(world.chance.choice([0.02, 0.05, 0.1, 0.2, 0.6]))
            body = self._wish()
            if body is not None and world.playing:
                await self.send(f"{MATCHES}/{self.match}/commands", body)
            if world.roll(0.1):
                await self.look()

    def _wish(self) -> Any:
        world, view = self.world, self.view
        if world.roll(0.06):
            return world.chance.choice(ODD)
        status = view.get("status")
        if status == "waiting":
            return None if view["you"] is not None else {"type": "join"}
        if status == "playing":
            if view["you"] is None or view["moved"][view["you"]]:
                return None
            move = {"type": "play", "move": {"shape": world.chance.choice(SHAPES[self.game])}}
            return {**move, "round": view["round"]} if world.roll(0.5) else move
        if status == "ended" and view["you"] is not None and world.roll(0.5):
            return {"type": "rematch"}
        return None

    async def send(self, path: str, body: Any) -> None:
        """A command, repeated under the same key until somebody knows what became of it."""
        world = self.world
        key = f"{world.chance.getrandbits(64):016x}"
        wait = world.chance.choice([None, 1, 2, 3])
        self.sending += 1
        try:
            for _ in range(TRIES):
                event = await self._try(path, key, body, wait)
                if event.kind != "info":
                    break
                await asyncio.sleep(world.chance.choice([0.05, 0.5]))
            if world.roll(0.15):
                await self._try(path, key, body, world.chance.choice([None, 1]))
            if world.roll(0.05) and path != MATCHES:
                await self._try(path, key, {"type": "resign"}, 1)
            if event.kind == "ok" and event.version is not None and world.roll(0.3):
                await self.look()
        finally:
            self.sending -= 1

    async def _try(self, path: str, key: str, body: Any, wait: int | None) -> ClientEvent:
        command = ids.command_id(self.player, "POST", path, key)
        common = {"key": key, "path": path, "command": command, "sent": body}
        return await self._call("command", lambda g: g.post(self.player, path, key, body, wait), **common)

    async def look(self) -> None:
        """Read the view."""
        await self._call("view", lambda g: g.view(self.player, self.match))

    async def _call(self, action: Any, work: Any, **common: Any) -> ClientEvent:
        history, world = self.history, self.world
        history.calls += 1
        call = str(history.calls)
        common.update(client=f"{self.player[:4]}-{self.match[:4]}", player=self.player, match=self.match)
        history.events.append(ClientEvent("invoke", action, call, at=world.loop.now, **common))
        try:
            answer = await self.front.call(self.front.any(), work, PATIENCE)
        except (Cut, TimeoutError):
            answer = Answer(0, None)
        event = ClientEvent(
            verdict(answer), action, call, at=world.loop.now, status=answer.status or None,
            code=(answer.body or {}).get("code"), version=(answer.body or {}).get("version"), answer=answer.body,
            **common,
        )  # fmt: skip
        history.events.append(event)
        world.note(action, (event.kind, event.status, event.code, event.version))
        return event


def verdict(answer: Answer) -> Any:
    """What a client may conclude from an answer."""
    code = (answer.body or {}).get("code")
    if answer.status in (0, 503) or code == "internal":
        return "info"
    if answer.status in (400, 401, 413, 429) or code == "invalid_input":
        return "fail"
    return "ok"


def parse(raw: bytes, at: float) -> Frame | None:
    """An event of a stream; None for comments and the retry hint."""
    lines = [line for line in raw.split(b"\n") if b": " in line and line[:1] != b":"]
    fields = dict(line.split(b": ", 1) for line in lines)
    if b"event" not in fields:
        return None
    number = int(fields[b"id"]) if b"id" in fields else None
    return Frame(at, fields[b"event"].decode(), number, fields.get(b"data", b"").decode())


class Crowd:
    """Opens the matches and sends their players there."""

    def __init__(self, front: Front, history: History) -> None:
        self.front, self.history, self.world = front, history, front.world
        self.tabs: list[Tab] = []
        self.tasks: list[Any] = []

    def begin(self, players: list[str]) -> None:
        chance = self.world.chance
        for number in range(chance.choice([1, 2, 2, 3])):
            creator, guest, stranger = chance.sample(players, 3)
            game = chance.choice(["rps", "rps", "rpsfw"])
            self.tasks.append(self.world.loop.create_task(self._table(number, game, creator, guest, stranger)))

    async def _table(self, number: int, game: str, creator: str, guest: str, stranger: str) -> None:
        world = self.world
        await asyncio.sleep(0.3 + 0.4 * number)
        options = {
            "best_of": world.chance.choice([1, 3, 3, 5]),
            "move_seconds": world.chance.choice([5, 30, 86_400]),
            "opponent": world.chance.choice(["open", "open", "open", "computer"]),
        }
        opening = Tab(self.front, self.history, creator, "", game)
        key = f"{world.chance.getrandbits(64):016x}"
        opening.match = ids.match_id(ids.command_id(creator, "POST", MATCHES, key))
        body = {"game": game, "options": options}
        for _ in range(8):
            event = await opening._try(MATCHES, key, body, 3)
            if event.kind == "ok":
                break
            await asyncio.sleep(0.3)
        lookers = [creator, guest] + ([stranger] if world.roll(0.3) else [])
        for player in lookers:
            tab = Tab(self.front, self.history, player, opening.match, game)
            self.tabs.append(tab)
            self.tasks += [world.loop.create_task(tab.watch()), world.loop.create_task(tab.play())]

    @property
    def busy(self) -> str:
        """Whose command still waits for an answer."""
        return next((f"{tab.player} at {tab.match}" for tab in self.tabs if tab.sending), "")
