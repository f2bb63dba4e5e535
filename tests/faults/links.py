"""TCP links that misbehave on demand: every connection of one client to one server goes through such a link.

The proxies live on an event loop in a thread of their own: nothing that happens in a test's loop slows a link.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from infra.stack.ports import free_port

PRODUCE = 0  # Kafka's API key: an int16 behind the frame's int32 length
CHUNK = 65_536
SLICED_BYTES = 64  # of each unit: the length, the header, a bit of the body
CALL_SECONDS = 10.0
LINGER_SECONDS = 5.0  # how long a released frame's connection stays open for the server
RESET = struct.pack("ii", 1, 0)  # SO_LINGER with no time: closing sends RST
T = TypeVar("T")


class Hold:
    """A Kafka request that is kept back, with everything behind it on its connection, until it is let go."""

    def __init__(self, api_key: int, containing: bytes) -> None:
        self._api_key, self._containing = api_key, containing
        self.caught = threading.Event()
        self.released = asyncio.Event()

    def takes(self, frame: bytes) -> bool:
        """Whether this is the frame to keep; only the first one is."""
        if self.caught.is_set() or struct.unpack_from("!h", frame, 4)[0] != self._api_key:
            return False
        if self._containing not in frame:
            return False
        self.caught.set()
        return True


@dataclass
class Manners:
    """How a link treats what passes; changed at any time."""

    delay: float = 0.0  # seconds a unit waits
    sliced: bool = False  # the first bytes of each unit travel one by one
    rate: float = 0.0  # bytes a second, 0: as fast as they come
    cut_after: int = 0  # a connection is reset behind so many bytes to the client, 0: never
    blocked: set[str] = field(default_factory=set)  # "up", "down", or who connected: nothing passes there
    holds: list[Hold] = field(default_factory=list)


class Connection:
    """One client's connection and its counterpart towards the server."""

    def __init__(self, link: "Link", client: tuple[Any, Any], server: tuple[Any, Any]) -> None:
        self.link = link
        self.client_reader, self.client = client
        self.server_reader, self.server = server
        self.holding = False
        self.source = link.who(self.client.get_extra_info("peername")[1]) if link.who else ""
        self._sent = 0

    async def run(self) -> None:
        """Until either side ends it; a held request keeps the server's side open when the client has gone."""
        down = asyncio.create_task(self._down())
        up = asyncio.create_task(self._up())
        try:
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            if self.holding:
                await asyncio.wait({up})
                await asyncio.wait({down}, timeout=LINGER_SECONDS)
        finally:
            for task in (up, down):
                task.cancel()
            await asyncio.gather(up, down, return_exceptions=True)
            self.client.close()
            self.server.close()

    def reset(self) -> None:
        """End it as a crash would: RST to both sides."""
        for writer in (self.client, self.server):
            raw = writer.get_extra_info("socket")
            if raw is not None and raw.fileno() >= 0:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()

    async def _up(self) -> None:
        while unit := await self._unit():
            for hold in self.link.manners.holds:
                if hold.takes(unit):
                    self.holding = True
                    await hold.released.wait()
            await self.link.gate("up", self.source)
            await self._pass(self.server, unit)

    async def _unit(self) -> bytes:
        """A Kafka request, or a chunk on a link that knows no frames; empty at the end."""
        if not self.link.frames:
            return await self.client_reader.read(CHUNK)  # type: ignore[no-any-return]
        try:
            head = await self.client_reader.readexactly(4)
            return head + await self.client_reader.readexactly(struct.unpack("!i", head)[0])  # type: ignore[no-any-return]
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""

    async def _down(self) -> None:
        while unit := await self.server_reader.read(CHUNK):
            await self.link.gate("down", self.source)
            limit = self.link.manners.cut_after
            if limit and self._sent + len(unit) > limit:
                self.client.write(unit[: max(1, limit - self._sent)])
                await asyncio.sleep(0.01)
                self.reset()
                return
            self._sent += len(unit)
            if not (self.holding and self.client.is_closing()):
                await self._pass(self.client, unit)

    async def _pass(self, writer: Any, unit: bytes) -> None:
        manners = self.link.manners
        if manners.delay:
            await asyncio.sleep(manners.delay)
        if manners.sliced:
            for i in range(min(SLICED_BYTES, len(unit))):
                writer.write(unit[i : i + 1])
                await asyncio.sleep(0)
            unit = unit[SLICED_BYTES:]
        if manners.rate:
            await asyncio.sleep(len(unit) / manners.rate)
        writer.write(unit)
        await writer.drain()


class Link:
    """A port that leads to another one. `frames`: clients speak Kafka's protocol on it; `who` names the client
    that connects from a port."""

    def __init__(self, name: str, target: int, frames: bool, who: Callable[[int], str] | None = None) -> None:
        self.name, self.target, self.frames, self.who = name, target, frames, who
        self.port = free_port()
        self.manners = Manners()
        self.connections: set[Connection] = set()
        self._changed = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=8 << 20)

    async def gate(self, way: str, source: str) -> None:
        """Wait until this way is open for this client."""
        while way in self.manners.blocked or source in self.manners.blocked:
            await self._changed.wait()

    def change(self, action: Callable[[Manners], None]) -> None:
        action(self.manners)
        self._changed.set()
        self._changed = asyncio.Event()

    def heal(self) -> None:
        """Well-behaved again; what is held is let go."""
        for hold in self.manners.holds:
            hold.released.set()
        self.manners = Manners()
        self._changed.set()
        self._changed = asyncio.Event()

    def reset(self) -> None:
        for connection in list(self.connections):
            connection.reset()

    def close(self) -> None:
        self.heal()
        if self._server is not None:
            self._server.close()
        self.reset()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server = await asyncio.open_connection("127.0.0.1", self.target, limit=8 << 20)
        except OSError:
            writer.close()
            return
        connection = Connection(self, (reader, writer), server)
        self.connections.add(connection)
        try:
            await connection.run()
        finally:
            self.connections.discard(connection)


class Links:
    """All links of a scene, and the thread they live in. Called from the test's thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda *_: None)  # connections are cut here on purpose
        self._thread = threading.Thread(target=self._loop.run_forever, name="links", daemon=True)
        self._thread.start()
        self._links: dict[str, Link] = {}

    def open(self, name: str, target: int, frames: bool = False, who: Callable[[int], str] | None = None) -> Link:
        """A new link to a port on this machine."""

        async def make() -> Link:
            link = Link(name, target, frames, who)
            await link.open()
            return link

        link = self._links[name] = self._wait(make())
        return link

    def change(self, name: str, **manners: Any) -> None:
        """Set a link's manners by their names."""

        def action(present: Manners) -> None:
            for field_name, value in manners.items():
                setattr(present, field_name, value)

        self._loop.call_soon_threadsafe(self._links[name].change, action)

    def block(self, name: str, *ways: str) -> None:
        """Let nothing pass `up` (to the server), `down`, or both; or nothing of a client that is named."""
        self.change(name, blocked=set(ways or ("up", "down")))

    def hold(self, name: str, containing: bytes, api_key: int = PRODUCE) -> Hold:
        """Keep back the next request of that kind; `hold.caught` tells when one was."""
        hold = Hold(api_key, containing)
        self._loop.call_soon_threadsafe(self._links[name].change, lambda manners: manners.holds.append(hold))
        return hold

    def release(self, hold: Hold) -> None:
        """Let it go on, whether its client still waits or not."""
        self._loop.call_soon_threadsafe(hold.released.set)

    def reset(self, name: str) -> None:
        """RST on every connection of a link."""
        self._loop.call_soon_threadsafe(self._links[name].reset)

    def heal(self) -> None:
        """All links behave again."""
        for link in self._links.values():
            self._loop.call_soon_threadsafe(link.heal)

    def close(self) -> None:
        """End the thread and all connections with it."""
        self._wait(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_SECONDS)
        self._loop.close()

    async def _shut(self) -> None:
        for link in self._links.values():
            link.close()
        mine = asyncio.current_task()
        tasks = [task for task in asyncio.all_tasks() if task is not mine]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.05)  # transports close in the loop's next rounds

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(CALL_SECONDS)
