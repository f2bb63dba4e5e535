"""Spectators of matches that others play."""

import asyncio

from playlog.client.http import Pool
from playlog.client.player import Player
from tests.faults.players import Notes, Watcher, guest


class Crowd:
    """Spectators of matches that others play: `most` streams, a few for each guest, until `close`."""

    per_guest = 4

    def __init__(self, notes: Notes, pool: Pool) -> None:
        self._notes, self._pool = notes, pool
        self.watches: list[Watcher] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._guests: list[Player] = []
        self._one_by_one = asyncio.Lock()

    async def run(self, opened: list[str], most: int, stop: asyncio.Event, pause: float = 0.25) -> None:
        """Follow matches as they are opened."""
        while not stop.is_set() and len(self.watches) < most:
            if opened:
                await self.follow(opened[-1])
            await asyncio.sleep(pause)

    async def guest(self) -> Player:
        """One more guest, who follows nothing yet."""
        return await guest(self._pool)

    async def follow(self, match: str) -> Watcher:
        async with self._one_by_one:  # a guest may follow only so many
            if len(self.watches) >= len(self._guests) * self.per_guest:
                self._guests.append(await self.guest())
            watch = Watcher(self._notes, self._guests[-1], match)
            self.watches.append(watch)
        self._tasks.append(asyncio.create_task(watch.run()))
        return watch

    async def close(self) -> None:
        for watch in self.watches:
            watch.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
