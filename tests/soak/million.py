"""The long run: many moves while every kind of process dies and stalls; then rest, and the checker over it all."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import uvloop

from playlog.client.http import Pool
from schemas.topics import PARTITIONS
from tests.faults import rest
from tests.faults.scene import Scene
from tests.proof.evidence import Circumstances, Sentinel
from tests.soak import dump, examine, pace, playing, quiet, schedule
from tests.soak.backlog import Backlog
from tests.soak.deeds import Deeds
from tests.soak.examine import Examined, Task
from tests.soak.parts import Parts
from tests.soak.pauses import Struck
from tests.soak.stage import staged
from tests.soak.tables import matches
from tests.soak.torrent import Torrent

SHORTEST_SECONDS = 35.0  # of load, so that every kind of process has its turn
FASTEST = 20_000.0
FLOOR = 100.0
EXAMINERS = 2
LARGE = 100_000
SAY_SECONDS = 5.0
WARM_SECONDS = 2.0
REST_PER_SECOND = 3000  # outcomes that a store takes in at least, for how long rest may take
REDIS = {"PLAYLOG_REDIS_MAXMEMORY": "4gb"}  # a day's results of a million commands

Say = Callable[[str], None]


@dataclass
class Outcome:
    """What a run showed; `wrong`: violations that the checker does not see, in sentences."""

    seed: int
    moves: int
    sent: int = 0
    acknowledged: int = 0
    unknown: int = 0
    seconds: float = 0.0
    load_seconds: float = 0.0
    examined: list[Examined] = field(default_factory=list)
    faults: dict[str, int] = field(default_factory=dict)
    died: dict[str, int] = field(default_factory=dict)
    waits: list[tuple[float, float]] = field(default_factory=list)
    struck: list[Struck] = field(default_factory=list)
    returned: list[tuple[float, str]] = field(default_factory=list)
    began: float = 0.0  # monotonic, at the Unix time `began_ms`
    began_ms: int = 0
    wrong: list[str] = field(default_factory=list)


def perform(moves: int, seed: int, folder: Path, say: Say, bug: str = "") -> Outcome:
    """Play `moves` commands and check everything. Raises what leaves a run without proof.

    bug: a seeded one, which must spoil it.
    """
    outcome = Outcome(seed, moves)
    began = time.monotonic()
    with staged(folder, seed, REDIS, bug) as scene:
        outcome.began, outcome.began_ms = scene.began, scene.began_ms
        tasks = uvloop.run(_run(outcome, scene, Deeds(scene), say))
        say("the checker looks at every partition")
        large = outcome.sent > LARGE
        outcome.examined = sorted(_examined(tasks, large, say), key=lambda one: one.partition)
        say("all commands are judged again")
        outcome.wrong += _verified(scene, outcome)
    outcome.seconds = time.monotonic() - began
    return outcome


async def _run(outcome: Outcome, scene: Scene, deeds: Deeds, say: Say) -> list[Task]:
    """Load, blows, rest, dump; what is left to examine."""
    pool = Pool(scene.services.url)
    stop = asyncio.Event()
    torrent = Torrent(scene.stores.kafka_address, matches(scene.seed, scene.began_ms), scene.load.opened)
    players = asyncio.create_task(playing.play(scene, pool, stop))
    shift = None
    try:
        await _storm(outcome, scene, deeds, torrent, players, say)
        stop.set()
        say("healing")
        outcome.wrong += [f"I7: {words}" for words in [await rest.heal(scene)] if words]
        shift = await players
        _fill(outcome, scene, deeds, torrent)
        lines = (json.dumps(asdict(one)) + "\n" for one in scene.faults)
        (scene.folder / "faults.ndjson").write_text("".join(lines))
        return await _rested(outcome, scene, torrent, say)
    finally:
        stop.set()
        players.cancel()
        await asyncio.gather(players, return_exceptions=True)
        if shift is not None:
            await shift.close()
        pool.close()


async def _storm(
    outcome: Outcome, scene: Scene, deeds: Deeds, torrent: Torrent, players: asyncio.Task[Any], say: Say
) -> None:
    """Until enough was sent and every process had its turn."""
    stop, backlog = asyncio.Event(), Backlog(scene)
    ceiling = pace.ceiling(outcome.moves, SHORTEST_SECONDS, FASTEST)
    speed = pace.Pace(min(500.0, ceiling), min(FLOOR, ceiling), ceiling)

    def enough() -> bool:
        for task in tasks:
            if task.done():
                task.result()
        return torrent.sent + torrent.queued >= outcome.moves and len(deeds.dealt) >= len(schedule.KINDS)

    tasks = [asyncio.create_task(one) for one in (backlog.run(stop), deeds.tend(stop), scene.sampler.run(stop))]
    tasks += [
        asyncio.create_task(_steer(speed, backlog, torrent, stop)),
        asyncio.create_task(_report(outcome, speed, backlog, deeds, torrent, stop, say)),
        asyncio.create_task(_strike(scene, deeds, stop)),
        players,
    ]
    began = time.monotonic()
    try:
        await torrent.run(lambda: speed.rate, enough)
        outcome.load_seconds = time.monotonic() - began
        stop.set()
        await asyncio.gather(*tasks[:-1])
    finally:
        stop.set()
        for task in tasks[:-1]:
            task.cancel()
        await asyncio.gather(*tasks[:-1], return_exceptions=True)


async def _strike(scene: Scene, deeds: Deeds, stop: asyncio.Event) -> None:
    await asyncio.sleep(WARM_SECONDS)
    await deeds.run(schedule.blows(scene.seed), stop)


async def _steer(speed: pace.Pace, backlog: Backlog, torrent: Torrent, stop: asyncio.Event) -> None:
    while not stop.is_set():
        waiting = backlog.waiting(torrent.heads)
        speed.after(None if waiting is None else waiting + torrent.queued, backlog.behind())
        await asyncio.sleep(0.25)


async def _report(
    outcome: Outcome,
    speed: pace.Pace,
    backlog: Backlog,
    deeds: Deeds,
    torrent: Torrent,
    stop: asyncio.Event,
    say: Say,
) -> None:
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), SAY_SECONDS)
        waiting = backlog.waiting(torrent.heads)
        say(
            f"{torrent.sent:,} of {outcome.moves:,} moves, {speed.rate:,.0f}/s, "
            f"{'?' if waiting is None else f'{waiting:,}'} wait, PostgreSQL {backlog.behind():,} behind, "
            f"{len(deeds.dealt)} faults, last: {deeds.last or 'none'}"
        )


async def _rested(outcome: Outcome, scene: Scene, torrent: Torrent, say: Say) -> list[Task]:
    seconds = rest.QUIET_SECONDS + outcome.sent / REST_PER_SECOND
    say("a sentinel through every partition")
    sent: list[Sentinel] = []
    with contextlib.suppress(*rest.AWAY):
        sent = await quiet.sentinels(scene, outcome.sent / REST_PER_SECOND)
    say("rest")
    await quiet.silence(scene)
    words = await quiet.come(scene, seconds)
    outcome.wrong += [f"I7: {words}"] if words else []
    await asyncio.sleep(rest.POLL_SECONDS)  # a stream learns of the newest view by its poll at the latest
    say("the stores are read")
    parts = Parts(scene.folder / "parts")
    now_ms = await dump.dump(scene, parts, torrent.acknowledged, sent)
    outcome.wrong += scene.notes.troubles
    if stray := await examine.strays(scene.stores.postgres_url):
        outcome.wrong.append(f"I9: {stray} rows of PostgreSQL belong to no match")
    label = f"soak of {outcome.moves} seed {scene.seed}"
    about = Circumstances(PARTITIONS, rest=not words, redis_ms=now_ms, label=label)
    addresses = scene.stores.kafka_address, scene.stores.postgres_url
    return [
        Task(number, parts.folder, scene.folder / "evidence", *addresses, about, scene.faults, outcome.struck)
        for number in range(PARTITIONS)
    ]


def _fill(outcome: Outcome, scene: Scene, deeds: Deeds, torrent: Torrent) -> None:
    outcome.sent, outcome.unknown = torrent.sent, torrent.unknown
    outcome.acknowledged = sum(len(batch.commands) for batch in torrent.acknowledged)
    for blow in deeds.dealt:
        outcome.faults[blow.kind] = outcome.faults.get(blow.kind, 0) + 1
    outcome.died, outcome.waits, outcome.returned = dict(deeds.died), scene.notes.waits, deeds.returned
    outcome.struck = sorted(Struck(_ms(scene, at), kind, _ms(scene, over)) for at, over, kind in deeds.spans)


def _ms(scene: Scene, at: float) -> int:
    """A monotonic time as Unix time."""
    return scene.began_ms + int((at - scene.began) * 1000)


def _examined(tasks: list[Task], large: bool, say: Say) -> Iterator[Examined]:
    """Each partition in a process that is new where much is to be looked at, so that its memory goes with it."""
    once = 1 if large else None
    with ProcessPoolExecutor(EXAMINERS, get_context("spawn"), max_tasks_per_child=once) as workers:
        running = [workers.submit(examine.examine, task) for task in tasks]
        for number, future in enumerate(as_completed(running), start=1):
            found = future.result()
            state = "violates " + ", ".join(found.verdict.violated) if found.verdict.violated else "holds"
            say(f"partition {found.partition} {state} ({number} of {len(tasks)})")
            yield found


def _verified(scene: Scene, outcome: Outcome) -> list[str]:
    """Judging all commands again gives the same bytes."""
    done = subprocess.run(
        [sys.executable, "-m", "playlog", "verify"],
        env={**os.environ, **scene.services.environment},
        capture_output=True,
        text=True,
        timeout=180 + outcome.sent / 1000,
        check=False,
    )
    return [] if done.returncode == 0 else [f"I12: playlog verify: {done.stdout}{done.stderr}"[:2000]]
