"""Many matches at once, each with two players whose streams are open, for the load on a whole system."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from random import Random

import orjson

from playlog.client.http import Answer, Pool
from playlog.client.player import Player, commands_path
from playlog.client.script import Script, Step
from playlog.client.sse import Event
from playlog.client.stream import EventStream

MATCHES_A_PAIR = 4  # a gateway allows a player four streams
SET_UP_AT_ONCE = 8
OPEN_SECONDS = 60.0
OPTIONS = {"best_of": 31, "move_seconds": 86_400}

Arrived = Callable[["Table", int, int], None]


class Table:
    """One match. `arrived(table, seat, version)` is called for each view that a seat's stream brings."""

    def __init__(self, players: tuple[Player, Player], arrived: Arrived | None, random: Random) -> None:
        self.match = ""
        self.waiting: tuple[deque[tuple[int, int, float]], ...] = (deque(), deque())
        self._players, self._arrived = players, arrived
        self._turn = asyncio.Lock()
        self._steps: Iterator[Step] = Script("rps", OPTIONS["best_of"], random).endless()
        self.streams: list[EventStream] = []

    async def open(self) -> None:
        """Create, join, and follow from both seats."""
        creator, joiner = self._players
        self.match = (await creator.create("rps", **OPTIONS))["id"]
        await joiner.command(self.match, {"type": "join"})
        if self._arrived is not None:
            self.streams = [self._follow(seat, self._arrived) for seat in (0, 1)]

    def _follow(self, seat: int, arrived: Arrived) -> EventStream:
        def take(event: Event) -> None:
            if event.name == "view":
                arrived(self, seat, int(event.id))

        return self._players[seat].follow(self.match, take)

    def next(self) -> Step:
        """The next command of this match."""
        return next(self._steps)

    async def send(self, step: Step) -> Answer:
        """Append it, without waiting for what comes of it. Raises Unanswered.

        The match's earlier command has its answer by then: people throw after what they saw, too.
        """
        async with self._turn:
            return await self._players[step.seat].post(commands_path(self.match), orjson.dumps(step.body))


@asynccontextmanager
async def seated(
    pool: Pool, count: int, arrived: Arrived | None = None, seed: int = 1
) -> AsyncIterator[list[Table]]:
    """`count` matches that run; with `arrived`, all their streams are open during the block."""
    random = Random(seed)
    pairs = [await _pair(pool) for _ in range(-(-count // MATCHES_A_PAIR))]
    tables = [Table(pairs[index // MATCHES_A_PAIR], arrived, Random(random.random())) for index in range(count)]
    places = asyncio.Semaphore(SET_UP_AT_ONCE)

    async def open_one(table: Table) -> None:
        async with places:
            await table.open()

    await asyncio.gather(*map(open_one, tables))
    streams = [stream for table in tables for stream in table.streams]
    async with asyncio.TaskGroup() as group:
        for stream in streams:
            group.create_task(stream.run())
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                await asyncio.gather(*(stream.opened.wait() for stream in streams))
            yield tables
        finally:
            for stream in streams:
                stream.close()


async def _pair(pool: Pool) -> tuple[Player, Player]:
    first, second = await asyncio.gather(Player.guest(pool), Player.guest(pool))
    return first, second
