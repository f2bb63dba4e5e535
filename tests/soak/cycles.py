"""Kill and restart again and again under light load, and see that the survivors stay as large as they are."""

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop
from rich.console import Console
from rich.table import Table

from infra.stack.platform import Service
from playlog.client.http import Pool, Unanswered
from playlog.client.player import Failed, Player
from playlog.client.stream import EventStream
from tests.faults.scene import NotInjected, Scene
from tests.soak.census import Held, census, least, members
from tests.soak.deeds import Deeds
from tests.soak.slope import Sample, Slope, slopes
from tests.soak.stage import STORE_NAMES, staged
from tests.soak.tables import ties
from tests.soak.torrent import Torrent

STREAMS = "streams"  # all clients lose their connections, nobody dies
VICTIMS = ("engine-1", "engine-2", "session", "history", STREAMS, "gateway")
TABLES, PER_SECOND = 24, 50.0
GUESTS, PER_GUEST = 8, 4
MOVE = b'{"type":"play","move":{"shape":"rock"}}'
VISIT_SECONDS = 30.0
AWAY_SECONDS = 2.2  # over the session time-out, so that somebody else takes over
READY_SECONDS = 60.0
LOOKS, LOOK_SECONDS = 3, 0.25
SETTLE_SECONDS = 0.5

# Stores fill their caches as they are told to; a broker keeps its log's files open.
LENIENT = frozenset({*((store, "memory") for store in STORE_NAMES), ("kafka", "descriptors")})
# Connections for the first checkpoint, and for the first metadata that FastStream's own clients renew after 5 min.
LATER = {("engine-1", "descriptors"): 4, ("engine-2", "descriptors"): 4}

Say = Callable[[str], None]


@dataclass
class Outcome:
    """What a run showed. `wrong`: what was expected of every cycle and did not come about."""

    cycles: int
    seed: int
    samples: list[Sample] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    sent: int = 0
    seconds: float = 0.0


def victims(count: int) -> list[str]:
    """Who dies in which cycle: one after the other, each for a while, so that every one survives for long."""
    return [VICTIMS[cycle * len(VICTIMS) // count] for cycle in range(count)]


def perform(count: int, seed: int, folder: Path, say: Say) -> Outcome:
    """`count` cycles."""
    outcome, began = Outcome(count, seed), time.monotonic()
    with staged(folder, seed) as scene:
        uvloop.run(_run(outcome, scene, Deeds(scene), say))
    outcome.seconds = time.monotonic() - began
    return outcome


class Stands:
    """Spectators of the first tables, always the same number of streams."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.streams: list[EventStream] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self, matches: list[str]) -> None:
        around = itertools.cycle(matches)
        for _ in range(GUESTS):
            guest = await Player.guest(self._pool)
            for _ in range(PER_GUEST):
                self.streams.append(guest.follow(next(around), lambda _: None))
                self._tasks.append(asyncio.create_task(self.streams[-1].run()))

    @property
    def full(self) -> bool:
        return all(stream.opened.is_set() for stream in self.streams)

    async def visit(self, match: str) -> None:
        """A new guest comes through every door: signs in, looks, and is told that it has no seat. Whoever keeps a
        connection for the next one holds the same after each cycle."""
        guest = await Player.guest(self._pool)
        answers = [
            await guest.get(f"/v1/matches/{match}"),
            await guest.post(f"/v1/matches/{match}/commands", MOVE, wait=5),
            await guest.get(f"/v1/matches/{match}/history"),
        ]
        if (found := [answer.status for answer in answers]) != [200, 403, 200]:
            raise NotInjected(f"a visitor was answered {found}")

    def drop(self) -> None:
        for stream in self.streams:
            stream.drop()

    async def close(self) -> None:
        for stream in self.streams:
            stream.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _run(outcome: Outcome, scene: Scene, deeds: Deeds, say: Say) -> None:
    pool, stop = Pool(scene.services.url), asyncio.Event()
    stands = Stands(pool)
    source = ties(scene.seed, scene.began_ms, TABLES)
    torrent = Torrent(scene.stores.kafka_address, source, scene.load.opened)
    tasks = [
        asyncio.create_task(torrent.run(lambda: PER_SECOND, stop.is_set)),
        asyncio.create_task(deeds.tend(stop)),
    ]
    try:
        await scene.until(lambda: len(scene.load.opened) == TABLES, "no table was opened")
        await stands.open(scene.load.opened[: GUESTS * PER_GUEST // 2])
        await scene.until(lambda: stands.full, "not all streams opened")
        await _cycle_after_cycle(outcome, scene, deeds, stands, tasks, say)
        stop.set()
        await asyncio.gather(*tasks)
        outcome.sent = torrent.sent
    finally:
        stop.set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await stands.close()
        pool.close()


async def _cycle_after_cycle(
    outcome: Outcome, scene: Scene, deeds: Deeds, stands: Stands, tasks: list[asyncio.Task[None]], say: Say
) -> None:
    lives = dict.fromkeys(scene.services.services, 0)
    for cycle, victim in enumerate(victims(outcome.cycles), start=1):
        for task in tasks:
            if task.done():
                task.result()
        began = time.monotonic()
        await _strike(scene, deeds, stands, victim, away=cycle % 2 == 0)
        if victim in lives:
            lives[victim] += 1
        try:
            await _back(scene, stands)
        except NotInjected as error:
            outcome.wrong.append(f"cycle {cycle}, {victim}: {error}")
        taken = await _sampled(scene, cycle, lives)
        outcome.samples += taken
        say(f"cycle {cycle} of {outcome.cycles}: {victim}, {time.monotonic() - began:.1f} s; {_words(taken)}")


async def _strike(scene: Scene, deeds: Deeds, stands: Stands, victim: str, away: bool) -> None:
    """Killed and restarted at once or, every other time, when somebody else may have taken over."""
    if victim == STREAMS:
        stands.drop()
        await asyncio.sleep(SETTLE_SECONDS)
        return
    deeds.down.add(victim)
    scene.target(victim).kill()
    if away:
        await asyncio.sleep(AWAY_SECONDS)
    scene.start(victim)
    deeds.down.discard(victim)


async def _back(scene: Scene, stands: Stands) -> None:
    """Everything is as it was before."""
    for name in scene.services.services:
        await scene.until_ready(name, READY_SECONDS)
    await scene.until(lambda: stands.full, "not all streams came back", READY_SECONDS)
    try:
        async with asyncio.timeout(VISIT_SECONDS):
            await stands.visit(scene.load.opened[0])
    except (Failed, Unanswered, TimeoutError) as error:
        raise NotInjected(f"a visitor was not served: {error!r}") from error
    await asyncio.sleep(SETTLE_SECONDS)


async def _sampled(scene: Scene, cycle: int, lives: dict[str, int]) -> list[Sample]:
    names = (*scene.services.services, *STORE_NAMES)
    pids = {name: _pid(scene, name) for name in names}
    looks = []
    for _ in range(LOOKS):
        looks.append(await census(pids, scene.stores.redis_url))
        await asyncio.sleep(LOOK_SECONDS)
    held: dict[str, Held] = least(looks)
    taken = [Sample(name, cycle, lives.get(name, 0), *held[name]) for name in names]
    groups = await members(scene.stores.kafka_address)
    return taken + [Sample(f"group {name}", cycle, 0, members=count) for name, count in groups.items()]


def _pid(scene: Scene, name: str) -> int:
    target = scene.target(name)
    return int(target.pid if isinstance(target, Service) else target.child.pid)


def _words(samples: list[Sample]) -> str:
    told = [one for one in samples if one.memory is not None and one.process not in STORE_NAMES]
    return ", ".join(f"{one.process} {(one.memory or 0) / 2**20:.0f} MB {one.descriptors} fds" for one in told)


def document(outcome: Outcome) -> dict[str, Any]:
    """All figures; `holds` is the verdict: everything that can be judged is flat."""
    found = slopes(outcome.samples, LENIENT, LATER)
    return {
        "holds": not outcome.wrong and bool(found) and all(one.flat is not False for one in found),
        "cycles": outcome.cycles,
        "seed": outcome.seed,
        "commands": outcome.sent,
        "seconds": round(outcome.seconds, 1),
        "wrong": outcome.wrong,
        "slopes": [one.document() for one in found],
        "samples": [one._asdict() for one in outcome.samples],
    }


def show(found: dict[str, Any], console: Console) -> None:
    table = Table(title=f"Survivors of {found['cycles']} kills")
    for name in ("process", "measure", "samples", "early", "late", "limit", ""):
        table.add_column(name, justify="left" if name in ("process", "measure", "") else "right")
    for raw in found["slopes"]:
        one = Slope(**raw)
        if not one.early and not one.late:
            continue
        words = {True: "[green]flat[/]", False: "[red]grows[/]", None: "not judged"}[one.flat]
        figures = [_figure(one.measure, value) for value in (one.early, one.late, one.limit)]
        table.add_row(one.process, one.measure, str(one.samples), *figures, words)
    console.print(table)
    for sentence in found["wrong"]:
        console.print(f"  - {sentence}", markup=False)
    word = "[green]flat[/]" if found["holds"] else "[red]not flat[/]"
    console.print(f"{found['cycles']} cycles, {found['commands']:,} commands in {found['seconds']:.0f} s: {word}")


def _figure(measure: str, value: float) -> str:
    return f"{value / 2**20:.1f} MB" if measure == "memory" else f"{value:g}"
