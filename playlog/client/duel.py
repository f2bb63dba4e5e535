"""Two guests play one match from its creation to its end, and every view either sees is checked."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

from playlog.client.player import Player
from playlog.client.script import FIRST_VERSION, Script, Step
from playlog.client.watch import Watch, check

MOVE_SECONDS = 86_400  # nobody is to lose by the clock
STREAM_SECONDS = 10.0


@dataclass
class Latencies:
    """Seconds from just before the request: to its answer, to the mover's own view, to the opponent's view."""

    answer: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)
    opponent: list[float] = field(default_factory=list)


class Duel:
    """`latencies` may be shared by many matches."""

    def __init__(self, players: tuple[Player, Player], latencies: Latencies) -> None:
        self._players, self._latencies = players, latencies
        self._watches = (Watch(0), Watch(1))

    async def play(self, game: str, best_of: int, random: Random) -> str:
        """A whole match; its id. Raises Disagreement and Failed."""
        creator, joiner = self._players
        created = await creator.create(game, best_of=best_of, move_seconds=MOVE_SECONDS)
        match, script = str(created["id"]), Script(game, best_of, random)
        async with self._followed(match):
            await joiner.command(match, {"type": "join"})
            await self._both_see(script, FIRST_VERSION)
            for step in script.match():
                await self._take(match, step, script)
        return match

    async def _take(self, match: str, step: Step, script: Script) -> None:
        began = time.perf_counter()
        view = await self._players[step.seat].command(match, step.body)
        self._latencies.answer.append(time.perf_counter() - began)
        check(view, step.seat, script)
        seen = await self._both_see(script, step.version)
        self._latencies.own.append(seen[step.seat] - began)
        self._latencies.opponent.append(seen[1 - step.seat] - began)

    async def _both_see(self, script: Script, version: int) -> list[float]:
        """When each seat's stream had this version's view, which is checked."""
        seen = [await watch.reach(version) for watch in self._watches]
        for watch, one in zip(self._watches, seen, strict=True):
            if version > FIRST_VERSION:
                check(one.view, watch.seat, script)
        return [one.at for one in seen]

    @asynccontextmanager
    async def _followed(self, match: str) -> AsyncIterator[None]:
        """Both streams open during the block."""
        pairs = zip(self._players, self._watches, strict=True)
        streams = [player.follow(match, watch.take) for player, watch in pairs]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(stream.run()) for stream in streams]
            try:
                async with asyncio.timeout(STREAM_SECONDS):
                    await asyncio.gather(*(stream.opened.wait() for stream in streams))
                yield
            finally:
                for stream, task in zip(streams, tasks, strict=True):
                    stream.close()
                    task.cancel()
