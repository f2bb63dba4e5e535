"""A Redis that loses hints, is paused, comes back empty; and a process's one connection to it."""

import asyncio
from collections import deque
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from gateway_api.reading import ABSENT
from infra.redis_line import Away, ServerError
from schemas import keys
from session_worker.script import ERASE, WRITE
from session_worker.store import SHA
from tests.proof.evidence import RedisWrite
from tests.simulator.loop import Process
from tests.simulator.world import World

PATIENCE = 2.0
MATCH = keys.match("")


class Server:
    """The data, with what the two scripts do to it. Expiries in Unix ms by its own clock."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.strings: dict[str, tuple[bytes, float]] = {}
        self.hashes: dict[str, tuple[dict[str, bytes], float]] = {}
        self.followers: dict[str, dict[Any, None]] = {}
        self.loaded = False
        self.paused = False
        self.life = 0  # raised when it dies: every connection ends
        self.emptied_ms: int | None = None
        self.writes: list[RedisWrite] = []
        self.compares = True  # versions, before it writes a snapshot
        self.claims = True  # the progress, before it writes anything
        self.absolute = True  # the snapshots' expiry
        self._held: deque[Any] = deque()

    def reach(self, act: Callable[[], None]) -> None:
        """A request has arrived."""
        if self.paused:
            self._held.append(act)
        else:
            act()

    def pause(self) -> None:
        self.paused = True

    def go_on(self) -> None:
        self.paused = False
        while self._held:
            self._held.popleft()()

    def die(self) -> None:
        """It comes back empty, at once; whoever was connected finds out."""
        self.life += 1
        self._held.clear()
        self.paused = self.loaded = False
        self.followers.clear()
        self.flush()

    def flush(self) -> None:
        self.strings.clear()
        self.hashes.clear()
        self.emptied_ms = self.world.wall_ms
        self.world.note("redis emptied")

    def string(self, key: str) -> bytes | None:
        value, expires = self.strings.get(key, (None, 0.0))
        if value is not None and expires <= self.world.wall_ms:
            del self.strings[key]
            return None
        return value

    def hash(self, key: str) -> dict[str, bytes]:
        value, expires = self.hashes.get(key, ({}, 0.0))
        if value and expires <= self.world.wall_ms:
            del self.hashes[key]
            return {}
        return value

    def erase(self, names: list[str], saved: bytes) -> int:
        """What `ERASE` does."""
        if self.string(names[0]) != saved:
            return 0
        self.world.thrown_away("Redis")
        for name in names[1:]:
            self.strings.pop(name, None)
            self.hashes.pop(name, None)
        return 1

    def write(self, names: list[str], values: list[Any]) -> int:
        """What `WRITE` does, argument by argument."""
        expected, saved, snapshots, _ = values[:4]
        if (self.string(names[0]) or b"") != expected and self.claims:
            return 0
        rest = deque(values[4:])
        for key in names[1 : 1 + snapshots]:
            version, expiry, count = rest.popleft(), rest.popleft(), rest.popleft()
            self._snapshot(key, version, expiry, [rest.popleft() for _ in range(count)])
        for key in names[1 + snapshots :]:
            expiry, repeated, body = rest.popleft(), rest.popleft(), rest.popleft()
            if not (repeated == 1 and self.string(key) is not None):
                self.strings[key] = body, expiry
        if saved:
            self.strings[names[0]] = saved, float("inf")
        while rest:
            self.publish(rest.popleft(), rest.popleft())
        return 1

    def _snapshot(self, key: str, version: int, expiry: int, fields: list[Any]) -> None:
        if version <= int(self.hash(key).get("version", b"0")) and self.compares:
            return
        if not self.absolute:
            expiry = self.world.wall_ms + keys.MATCH_TTL_MS
        named = dict(zip(fields[::2], fields[1::2], strict=True))
        self.hashes[key] = {name: _raw(value) for name, value in named.items()}, expiry
        self.writes.append(RedisWrite(self.world.loop.now, key.removeprefix(MATCH), version))
        self.world.note("snapshot", (key, version, named.get("public")))

    def publish(self, channel: str, body: bytes) -> None:
        for line in list(self.followers.get(channel, ())):
            line.hear(channel, body)


def _raw(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


class Connection:
    """One connection of a line: numbered by the server's life, so that a restart ends it."""

    def __init__(self, life: int) -> None:
        self.life = life
        self.broken = self.lost = False  # lost: what was on its way when it broke never arrives
        self.pending: deque[tuple[Any, float]] = deque()
        self.out = self.back = 0.0


class Line:
    """A process's connection: replies in the order of the commands, hints between them."""

    def __init__(self, server: Server, process: Process, on_message: Any = None, on_open: Any = None) -> None:
        self._server, self._world, self._host = server, server.world, process.name
        self._process, self._on_message, self._on_open = process, on_message, on_open
        self._connection: Connection | None = None
        self.deaf_until = 0.0  # hints are lost until then
        self.subscribes_late = False

    @property
    def up(self) -> bool:
        return self._connection is not None

    def call(self, *arguments: Any) -> Any:
        """As the real line: what it raises, it raises through the future."""
        world, connection = self._world, self._connection
        reply = world.loop.create_future()
        if connection is None:
            reply.set_exception(Away("no connection to Redis"))
            return reply
        connection.pending.append((reply, world.loop.now))
        connection.out = max(connection.out, world.loop.now + world.delay(self._host, "redis"))
        world.at(connection.out, self._server.reach, partial(self._arrive, connection, reply, arguments))
        return reply

    def _arrive(self, connection: Connection, reply: Any, arguments: Any) -> None:
        if connection.lost or connection.life != self._server.life:
            return
        result = self._perform(connection, *arguments)
        if not connection.broken:
            self._send_back(connection, partial(self._answer, connection, reply, result))

    def _send_back(self, connection: Connection, act: Callable[[], None]) -> None:
        connection.back = max(connection.back, self._world.loop.now + self._world.delay(self._host, "redis"))
        self._process.at(connection.back, act)

    def _answer(self, connection: Connection, reply: Any, result: Any) -> None:
        if not connection.broken and connection.pending and connection.pending[0][0] is reply:
            connection.pending.popleft()
            self._world.settle(reply, result)

    def _perform(self, connection: Connection, name: str, *arguments: Any) -> Any:
        server = self._server
        if name in ("EVALSHA", "EVAL", "SCRIPT"):
            return self._script(name, *arguments)
        texts = [_text(argument) for argument in arguments]
        if name == "GET":
            return server.string(texts[0])
        if name == "MGET":
            return [server.string(text) for text in texts]
        if name == "HGET":
            return server.hash(texts[0]).get(texts[1])
        if name == "HMGET":
            held = server.hash(texts[0])
            return [held.get(field) for field in texts[1:]]
        if name == "SCAN":
            found = [key.encode() for key in (*server.strings, *server.hashes) if fnmatchcase(key, texts[2])]
            return [b"0", found]
        if name == "SUBSCRIBE":
            self._subscribe(connection, texts[0])
        elif name == "UNSUBSCRIBE":
            server.followers.get(texts[0], {}).pop(self, None)
        else:
            raise NotImplementedError(name)
        return b"OK"

    def _script(self, name: str, *arguments: Any) -> Any:
        server = self._server
        if name == "SCRIPT":
            assert arguments == ("LOAD", WRITE)
            server.loaded = True
            return SHA.encode()
        script, count, *rest = arguments
        names, values = [_text(key) for key in rest[:count]], rest[count:]
        if script == ABSENT:
            return [int(bool(server.hash(names[0]))), server.string(names[1]) or b""]
        if name == "EVAL":
            assert script == ERASE
            return server.erase(names, values[0])
        assert script == SHA
        return server.write(names, values) if server.loaded else ServerError("NOSCRIPT No matching script.")

    def _subscribe(self, connection: Connection, channel: str, late: bool = False) -> None:
        if self.subscribes_late and not late:
            wait = self._world.chance.choice([0.02, 0.2, 1.0])
            self._world.later(wait, self._subscribe, connection, channel, True)
        elif not connection.broken:
            self._server.followers.setdefault(channel, {})[self] = None

    def hear(self, channel: str, body: bytes) -> None:
        """A hint was published."""
        connection = self._connection
        deaf = self._world.loop.now < self.deaf_until or self._world.buggify("a hint is lost", 0.2)
        if connection is not None and not deaf:
            self._send_back(connection, partial(self._heard, connection, channel, body))

    def _heard(self, connection: Connection, channel: str, body: bytes) -> None:
        if not connection.broken:
            self._on_message(channel.encode(), body)

    async def run(self, stop: asyncio.Event) -> None:
        """Keep a connection until `stop`; a broken one is noticed and made again."""
        world = self._world
        while not stop.is_set():
            await asyncio.sleep(0.0005 + world.delay(self._host, "redis") + 0.01)
            if not self._server.paused:
                connection = self._connection = Connection(self._server.life)
                if self._on_open is not None:
                    self._on_open()
                await self._watch(connection)
                self._close(connection)
            await asyncio.sleep(0.05 * (1 + world.chance.random()))

    async def _watch(self, connection: Connection) -> None:
        world = self._world
        while connection.life == self._server.life:
            await asyncio.sleep(0.5)
            if connection.pending and world.loop.now - connection.pending[0][1] > PATIENCE:
                return
            if world.wrong(self._host, "redis") and world.roll(0.5):
                return

    def _close(self, connection: Connection) -> None:
        connection.broken, connection.lost = True, self._world.roll(0.5)
        self._connection = None
        for following in self._server.followers.values():
            following.pop(self, None)
        while connection.pending:
            reply, _ = connection.pending.popleft()
            self._world.settle(reply, Away("the connection to Redis ended"))


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)
