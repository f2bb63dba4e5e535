"""Deals the blows, and does between them what a supervisor does: whatever dies by itself is started again."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Iterator

from infra.stack.platform import Service
from tests.faults.scene import Scene
from tests.soak.schedule import Blow
from tests.soak.stage import STORE_NAMES

TEND_SECONDS = 0.1
UP_SECONDS = 30.0  # a store that is not back by then is struck all the same


class Deeds:
    """One run's faults. `down` is what shall be dead now; `died` counts what died without having been killed;
    `returned`: when (monotonic) which store served clients again; `spans`: from when to when which kind of fault
    lasted."""

    def __init__(self, scene: Scene) -> None:
        self.returned: list[tuple[float, str]] = []
        self.spans: list[tuple[float, float, str]] = []
        self.dealt: list[Blow] = []
        self.died: Counter[str] = Counter()
        self.down: set[str] = set()
        self.last = ""
        self._scene = scene

    async def run(self, blows: Iterator[Blow], stop: asyncio.Event) -> None:
        """Blow after blow until `stop`; the one that is under way is finished."""
        while not stop.is_set():
            together = [next(blows)]
            while together[-1].with_next:
                together.append(next(blows))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), together[0].gap)
            if not stop.is_set():
                await asyncio.gather(*map(self._deal, together))

    async def tend(self, stop: asyncio.Event) -> None:
        """Start what is dead and should not be, and keep the understudies ready."""
        async with self._scene.understudies():
            while not stop.is_set():
                for name in (*self._scene.services.services, *STORE_NAMES):
                    if name not in self.down and not self._alive(name):
                        self.died[name] += 1
                        self._scene.start(name)
                await asyncio.sleep(TEND_SECONDS)

    async def _deal(self, blow: Blow) -> None:
        scene, name = self._scene, blow.target
        await self._up(name)
        self.dealt.append(blow)
        self.last = blow.kind
        scene.note(blow.how, name, blow.seconds)
        began = time.monotonic()
        if blow.how in ("paused", "stalled"):
            scene.target(name).pause()
            await asyncio.sleep(blow.seconds)
            scene.target(name).resume()
        else:
            self.down.add(name)
            scene.target(name).kill()
            await asyncio.sleep(blow.seconds)
            self._scene.start(name)
            self.down.discard(name)
        if name in STORE_NAMES:
            await self._up(name)
            self.returned.append((time.monotonic(), name))
        self.spans.append((began, time.monotonic(), blow.kind))

    async def _up(self, name: str) -> None:
        """Wait until a store serves clients, so that each of its deaths can be told from the one before."""
        until = time.monotonic() + UP_SECONDS
        while name in STORE_NAMES and time.monotonic() < until:
            if await asyncio.to_thread(self._scene.target(name).answers):
                return
            await asyncio.sleep(TEND_SECONDS)

    def _alive(self, name: str) -> bool:
        target = self._scene.target(name)
        return bool(target.running if isinstance(target, Service) else target.child.exit_code() is None)
