"""A PostgreSQL with the tables of history: row locks, failed serializations, COMMITs whose answers are lost."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import asyncpg
import orjson

from gateway_api import store as gateway_store
from history_sink import sql
from tests.simulator.loop import Process
from tests.simulator.world import World

PATIENCE = 30.0
IDLE_SECONDS = 30.0


class Server:
    """Committed rows, and who holds which progress row."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.progress: dict[int, dict[str, Any]] = {}
        self.events: list[tuple[Any, ...]] = []
        self.matches: dict[str, dict[str, Any]] = {}
        self.seats: dict[tuple[str, int], str] = {}
        self.results: list[tuple[Any, ...]] = []
        self.paused = False
        self.life = 0  # raised when it dies: every connection and open transaction ends
        self.claims = True  # a claim looks at the row's offset
        self.asked: dict[Any, None] = {}  # replies that somebody waits for
        self._owners: dict[int, Any] = {}
        self._held: list[Callable[[], None]] = []

    def reach(self, act: Callable[[], None]) -> None:
        if self.paused:
            self._held.append(act)
        else:
            act()

    def pause(self) -> None:
        self.paused = True

    def go_on(self) -> None:
        self.paused = False
        held, self._held = self._held, []
        for act in held:
            act()

    def die(self) -> None:
        self.life += 1
        self.paused = False
        self._owners.clear()
        self._held.clear()
        for reply in self.asked:
            self.world.later(self.world.delay("postgres"), self.world.settle, reply, _reset())

    def lock(self, connection: Any, partition: int) -> bool:
        """Whether the row is this connection's now."""
        owner = self._owners.setdefault(partition, connection)
        if owner is not connection and owner.gone:
            owner.forget()
            owner = self._owners[partition] = connection
        return owner is connection

    def release(self, connection: Any) -> None:
        self._owners = {p: owner for p, owner in self._owners.items() if owner is not connection}

    def erase(self, partition: int) -> None:
        own = {match for match, row in self.matches.items() if row["partition"] == partition}
        self.events = [row for row in self.events if row[0] not in own]
        self.results = [row for row in self.results if row[0] not in own]
        self.seats = {key: player for key, player in self.seats.items() if key[0] not in own}
        self.matches = {match: row for match, row in self.matches.items() if match not in own}
        self.progress.pop(partition, None)
        self.world.note("history erased", partition)
        self.world.thrown_away("PostgreSQL")


class Connection:
    """asyncpg's connection as the sink uses it. What a transaction writes is a list of acts until its COMMIT."""

    def __init__(self, server: Server, process: Process) -> None:
        self._server, self._process, self._host = server, process, process.name
        self._life = server.life
        self._acts: list[Callable[[], None]] = []
        self._open = self._closed = False
        self._heard = server.world.loop.now

    @property
    def gone(self) -> bool:
        """Whether the server has noticed that nobody is there: closed, died, or idle in a transaction."""
        stale = self._server.world.loop.now - self._heard > IDLE_SECONDS
        return self._closed or not self._process.alive or stale

    def forget(self) -> None:
        """The server rolls the transaction back and closes the connection."""
        self._acts, self._closed = [], True
        self._server.release(self)

    async def set_type_codec(self, *_: Any, **__: Any) -> None:
        """JSON goes as it is."""

    def is_closed(self) -> bool:
        return self._closed

    def terminate(self) -> None:
        self._server.world.later(self._server.world.delay(self._host), self.forget)
        self._closed = True

    def transaction(self) -> "Connection":
        return self

    async def start(self) -> None:
        self._open = True
        await self._ask(lambda: None)

    async def rollback(self) -> None:
        self._open = False
        await self._ask(self._rolled_back)

    def _rolled_back(self) -> None:
        self._acts = []
        self._server.release(self)

    async def commit(self) -> None:
        """Nobody knows what came of it when the answer is lost."""
        self._open = False
        await self._ask(self._committed)

    def _committed(self) -> None:
        for act in self._acts:
            act()
        self._server.world.note("commit", (self._host, len(self._server.events)))
        self._rolled_back()

    async def fetch(self, statement: str, *arguments: Any) -> list[Any]:
        if statement == sql.PROGRESS:
            wanted = [*arguments[0]]
            rows = await self._ask(lambda: [self._server.progress.get(p) for p in wanted])
            return [dict(row) for row in rows if row is not None]
        if statement == sql.SCORES:
            matches = [*arguments[0]]
            return list(await self._ask(lambda: [*map(self._score, matches)]))
        assert statement == sql.CLAIM
        return await self._claim([*zip(*arguments, strict=True)])

    async def _claim(self, claims: list[tuple[Any, ...]]) -> list[Any]:
        claimed = []
        for claim in claims:
            while not await self._ask(lambda p=claim[0]: self._server.lock(self, p)):  # type: ignore[misc]
                await asyncio.sleep(0.05)
                if self._server.life != self._life:
                    raise asyncpg.ConnectionDoesNotExistError("closed")
            row = self._server.progress.get(claim[0])
            if row is not None and (row["next_offset"] == claim[1] or not self._server.claims):
                claimed.append(claim)
                self._acts.append(lambda claim=claim: self._save(claim))  # type: ignore[misc]
        return claimed

    def _score(self, match: str) -> dict[str, Any]:
        score = self._server.matches[match]["score"]
        return {"id": match, "score": orjson.loads(score.replace("{", "[").replace("}", "]"))}

    def _save(self, claim: tuple[Any, ...]) -> None:
        partition, _, following, fence_offset, fence_id, watermark, crc = claim
        self._server.progress[partition] = {
            "partition": partition, "next_offset": following, "fence_offset": fence_offset, "fence_id": fence_id,
            "watermark": watermark, "crc": crc,
        }  # fmt: skip

    async def copy_records_to_table(self, table: str, *, records: Iterable[Any], **_: Any) -> str:
        rows = [*records]

        def insert() -> None:
            self._server.events += rows

        await self._write(insert)
        return f"COPY {len(rows)}"

    async def execute(self, statement: str, *columns: Any) -> None:
        server = self._server
        if statement == sql.BEGIN:
            first = (columns[0], 0, 0, None, None, -1, 0)
            await self._ask(lambda: self._save(first) if columns[0] not in server.progress else None)
        elif statement == sql.MATCHES:
            await self._write(lambda: [*map(self._match, zip(*columns, strict=True))])
        elif statement == sql.SEATS:
            found = {(match, seat): player for match, seat, player in zip(*columns, strict=True)}
            await self._write(lambda: server.seats.update(found))
        elif statement == sql.RESULTS:
            rows = [*zip(*columns, strict=True)]
            await self._write(lambda: server.results.extend(rows))
        else:
            await self._ask(lambda: self._erase(statement))

    def _erase(self, statement: str) -> None:
        for partition, row in [*self._server.progress.items()]:
            if sql.erase(partition, row["next_offset"]) == statement:
                self._server.erase(partition)

    def _match(self, row: tuple[Any, ...]) -> None:
        names = ("id", "game", "status", "version", "winner", "ended_by", "score", "options", "view",
                 "created_at", "ended_at", "updated_at", "partition")  # fmt: skip
        new = dict(zip(names, row, strict=True))
        old = self._server.matches.get(new["id"])
        if old is not None:
            new.update({name: old[name] for name in ("game", "options", "created_at", "partition")})
            new["ended_at"] = (new["ended_at"] or old["ended_at"]) if new["status"] == "ended" else None
        self._server.matches[new["id"]] = new

    async def _write(self, act: Callable[[], Any]) -> None:
        if self._server.world.buggify("a serialization fails", 0.1):
            raise asyncpg.SerializationError("could not serialize access")
        await self._ask(lambda: self._acts.append(act))

    async def _ask(self, act: Callable[[], Any]) -> Any:
        server, world = self._server, self._server.world
        if self._closed or self._life != server.life:
            raise asyncpg.ConnectionDoesNotExistError("closed")
        reply = world.loop.create_future()
        unanswered = world.wrong(self._host, "postgres")
        lost = unanswered and world.roll(0.5)

        def arrive() -> None:
            self._heard = world.loop.now
            gone = server.life != self._life or self._closed
            result = None if gone else act()
            told = _reset() if unanswered or gone else result
            world.later(world.delay(self._host, "postgres"), world.settle, reply, told)

        if lost:
            world.later(world.delay(self._host), world.settle, reply, _reset())
        else:
            world.later(world.delay(self._host, "postgres"), server.reach, arrive)
        server.asked[reply] = None
        try:
            return await reply
        finally:
            del server.asked[reply]


def _reset() -> Exception:
    return asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")


class Pool:
    """What the gateway reads with."""

    def __init__(self, server: Server, process: Process) -> None:
        self._server, self._host = server, process.name

    async def fetch(self, statement: str, *arguments: Any) -> list[Any]:
        server, world = self._server, self._server.world
        await asyncio.sleep(0.0005 + world.delay(self._host, "postgres"))
        while server.paused:
            await asyncio.sleep(0.2)
        if world.wrong(self._host, "postgres"):
            raise _reset()
        if statement == gateway_store.NAMES:
            return [{"id": player, "name": f"Name {str(player)[:4]}"} for player in arguments[0]]
        assert statement == gateway_store.VIEW
        row = server.matches.get(str(arguments[0]))
        return [] if row is None else [{"version": row["version"], "view": orjson.loads(row["view"])}]


async def connect(server: Server, process: Process) -> Connection:
    """A connection, unless there is none to be had now."""
    world = server.world
    await asyncio.sleep(0.0005 + world.delay(process.name, "postgres"))
    if server.paused or world.wrong(process.name, "postgres"):
        raise ConnectionRefusedError("PostgreSQL does not take connections now")
    return Connection(server, process)
