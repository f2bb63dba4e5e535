"""A few real players and spectators through the gateway, in shifts, while the blows fall."""

import asyncio
import contextlib

from playlog.client.http import Pool
from tests.faults.crowd import Crowd
from tests.faults.players import PATIENCE_SECONDS, SEEN_SECONDS, Table
from tests.faults.scene import Scene

GAMES = ("rps", "rpsfw")
SPECTATORS = 8
MOVE_PAUSE = 0.15
# A guest's token is renewed after nine minutes, with a word that works once: an answer lost then is the end of a
# session, and a scripted guest has no other way to come back.
SHIFT_SECONDS = 240.0
END_SECONDS = PATIENCE_SECONDS + SEEN_SECONDS + 10


class Shift:
    """New guests at the tables and on the stands."""

    def __init__(self, scene: Scene, pool: Pool, number: int) -> None:
        seed = scene.seed * 1000 + number * len(GAMES)
        self._scene = scene
        self.tables = [Table(scene.notes, pool, seed + place, game) for place, game in enumerate(GAMES)]
        self.crowd = Crowd(scene.notes, pool)

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`, or until it is late; the streams stay open."""
        over = asyncio.Event()
        tasks = [asyncio.create_task(table.run(over, MOVE_PAUSE)) for table in self.tables]
        tasks.append(asyncio.create_task(self.crowd.run(self._scene.load.opened, SPECTATORS, over)))
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), SHIFT_SECONDS)
            over.set()
            async with asyncio.timeout(END_SECONDS):
                await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """End its streams."""
        await self.crowd.close()
        for watch in self._scene.notes.watches:
            watch.close()
        for table in self.tables:
            await table.close()


async def play(scene: Scene, pool: Pool, stop: asyncio.Event) -> Shift:
    """Shift after shift until `stop`; the last one, whose streams are still open."""
    number = 0
    while True:
        shift = Shift(scene, pool, number)
        try:
            await shift.run(stop)
        except BaseException:
            await shift.close()
            raise
        if stop.is_set():
            return shift
        await shift.close()
        number += 1
