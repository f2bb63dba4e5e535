"""A gateway process: the real feeds, waiters, streams and producer, with HTTP reduced to calls that may be cut."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, NamedTuple

import orjson

from gateway_api import requests
from gateway_api.commands_log import CommandsLog, LogAway
from gateway_api.limits import InFlight, Slots
from gateway_api.matches import Matches
from gateway_api.names import Names
from gateway_api.reading import Reading
from gateway_api.sse import Audience, StreamResponse, Streams
from gateway_api.store import Store
from gateway_api.submit import Submit
from infra.clock import SystemClock
from infra.http.problems import Problem
from schemas import ids, keys
from schemas.command import Command
from tests.simulator import postgres, redis
from tests.simulator.loop import Process
from tests.simulator.services import Stack

MATCHES = "/v1/matches"


class Answer(NamedTuple):
    """What HTTP would carry."""

    status: int
    body: Any


class Cut(ConnectionError):
    """The connection to the gateway ended before an answer came."""


class Gateway:
    """One process's parts, as its wiring puts them together."""

    def __init__(self, stack: Stack, process: Process) -> None:
        self.stack, self.process, self.world = stack, process, stack.world
        self.line = redis.Line(stack.redis, process, self._on_hint, self._on_open)
        self._commands = CommandsLog("", {}, "playlog.matches.commands", ack=2.0)
        pool: Any = postgres.Pool(stack.postgres, process)
        line: Any = self.line
        store = Store(pool)
        names = Names(line, store.names, self.world.loop.time)
        self.matches = Matches(line, names)
        self.streams = Streams(self.matches, Slots(1000, 8, 100))
        self._submit = Submit(self.matches, line, self._commands, SystemClock())
        self.reading = Reading(line, store, names)
        self._in_flight = InFlight()

    async def run(self) -> None:
        """Serve until the end."""
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for loop in (self.line, self._commands, self.matches, self.streams):
                group.create_task(loop.run(stop))

    def _on_hint(self, channel: bytes, payload: bytes) -> None:
        self.matches.on_message(channel, payload)

    def _on_open(self) -> None:
        self.matches.on_open()

    async def post(self, player: str, path: str, key: str, body: Any, wait: int | None) -> Answer:
        """`POST` of a match or a command, as the routes do it."""
        command_id = ids.command_id(player, "POST", path, key)
        asked = self._submit.ask(command_id)
        try:
            if path == MATCHES:
                word: Any = requests.new_match(body)
                match, most, resource = ids.match_id(command_id), 4, MATCHES
            else:
                word, match = requests.player_command(body), path.split("/")[3]
                most, resource = 2, match
            entropy = f"{self.world.chance.getrandbits(128):032x}"
            command = Command(command_id, match, player, entropy, word)
            with self._in_flight.place(player, resource, command_id, most):
                viewed = await self._submit(command, asked, "", wait)
        except LogAway:
            return Answer(503, {"code": "unavailable"})
        except Problem as problem:
            return Answer(problem.status_code, {"code": problem.code})
        if viewed is None:
            return Answer(202, {"match": match, "command": command_id})
        return Answer(201 if path == MATCHES else 200, orjson.loads(viewed.body))

    async def view(self, player: str, match: str) -> Answer:
        """`GET` of a match."""
        try:
            snapshot, names = await self.reading.newest(match, player)
        except Problem as problem:
            return Answer(problem.status_code, {"code": problem.code})
        return Answer(200, orjson.loads(snapshot.view(snapshot.seat_of(player), names)))

    async def status(self, match: str, command: str) -> Answer:
        """`GET` of a command's result."""
        try:
            stored = await self.line.call("GET", keys.command(command))
        except OSError:
            return Answer(503, {"code": "redis_away"})
        found = orjson.loads(stored) if stored else {}
        if found.get("match") != match:
            return Answer(200, {"status": "pending", "version": None, "code": None})
        return Answer(200, {name: found[name] for name in ("status", "version", "code")})

    async def stream(self, player: str, match: str, seen: int, channel: "Channel") -> None:
        """The event stream of a match; what it writes goes to the channel."""
        audience = Audience(match, player, player, seen, round(time.time()) + 600, None)
        request: Any = channel
        scope = {"extensions": {"playlog.abort": channel.abort, "playlog.write": channel.write}}
        response = StreamResponse(self.streams, request, audience, self.reading.first_look)
        await response(scope, channel.receive, channel.send)
        channel.abort()


class Channel:
    """A response that is written piece by piece; the reader may be slow, or leave."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway, self._world = gateway, gateway.world
        self.left: asyncio.Future[None] = self._world.loop.create_future()
        self.chunks: asyncio.Queue[bytes | int | None] = asyncio.Queue()
        self._at = 0.0
        self._aborted = False

    async def receive(self) -> dict[str, Any]:
        await self.left
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._deliver(message["status"])
            return
        if self._world.buggify("a reader is slow", 0.02):
            await asyncio.wait({self._world.healed}, timeout=12.0)
        self._deliver(message["body"])
        if not message.get("more_body", False):
            self._deliver(None)

    def write(self, data: bytes) -> bool:
        """The server's way past ASGI, while nothing is in the way."""
        if self._aborted or self.left.done() or self._world.buggify("the socket is full", 0.1):
            return False
        self._deliver(data)
        return True

    def problem(self, status: int) -> None:
        """Answered with a problem instead of a stream."""
        self._deliver(status)
        self._deliver(None)

    def abort(self) -> None:
        if not self._aborted:
            self._aborted = True
            self._deliver(None)

    def _deliver(self, item: bytes | int | None) -> None:
        world = self._world
        self._at = max(self._at, world.loop.now + world.delay(self._gateway.process.name, "browsers"))
        world.at(self._at, self.chunks.put_nowait, item)

    def leave(self) -> None:
        """The browser goes away."""
        self._world.settle(self.left, None)


def respond(channel: Channel, problem: Problem) -> Any:
    """Takes the place of `infra.http.problems.respond` in a stream's response."""

    async def answer(*_: Any) -> None:
        channel.problem(problem.status_code)

    return answer


class Front:
    """All gateways behind one address: each call goes to one of them."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.world = stack, stack.world
        self.gateways: dict[str, Gateway] = {}
        self._calls: dict[Any, Process] = {}
        self.channels: dict[Channel, Process] = {}

    async def serve(self, stack: Stack, process: Process) -> None:
        """The service that the supervisor starts."""
        gateway = Gateway(stack, process)
        gateway.line.subscribes_late = stack.subscribes_late
        self.gateways[process.name] = gateway
        self.reset_dead()
        await gateway.run()

    def reset_dead(self) -> None:
        """Connections to what is gone are reset."""
        for reply, process in list(self._calls.items()):
            if not process.alive:
                self.world.settle(reply, Cut())
        for channel, process in list(self.channels.items()):
            if not process.alive:
                channel.abort()

    def any(self) -> Gateway | None:
        alive = [gateway for gateway in self.gateways.values() if gateway.process.alive]
        return self.world.chance.choice(alive) if alive else None

    async def call(self, gateway: Gateway | None, work: Any, seconds: float) -> Answer:
        """One request. Raises Cut or TimeoutError, after which nobody knows."""
        if gateway is None or not gateway.process.alive:
            raise Cut
        world, reply = self.world, self.world.loop.create_future()
        broken = world.wrong("browsers", gateway.process.name)
        lost = broken and world.roll(0.3)
        self._calls[reply] = gateway.process
        if not lost:
            world.later(world.delay("browsers"), self._begin, gateway, work, reply, broken)
        elif world.roll(0.5):
            world.later(0.05, world.settle, reply, Cut())
        try:
            async with asyncio.timeout(seconds):
                return await reply  # type: ignore[no-any-return]
        finally:
            del self._calls[reply]

    def _begin(self, gateway: Gateway, work: Any, reply: Any, broken: bool) -> None:
        if gateway.process.alive:
            gateway.process.start(self._answer(gateway, work(gateway), reply, broken))
        else:
            self.world.settle(reply, Cut())

    async def _answer(self, gateway: Gateway, work: Coroutine[Any, Any, Answer], reply: Any, broken: bool) -> None:
        answer = await work
        if not broken:
            world = self.world
            world.later(world.delay(gateway.process.name, "browsers"), world.settle, reply, answer)

    def open(self, gateway: Gateway, player: str, match: str, seen: int) -> Channel:
        """Open a stream."""
        channel = Channel(gateway)
        self.channels[channel] = gateway.process
        world = self.world
        world.later(world.delay("browsers"), self._stream, gateway, player, match, seen, channel)
        return channel

    def _stream(self, gateway: Gateway, player: str, match: str, seen: int, channel: Channel) -> None:
        if gateway.process.alive:
            gateway.process.start(gateway.stream(player, match, seen, channel))
        else:
            channel.abort()
