"""One row from start to verdict: stores and services of its own, load, players, the fault, rest, the checker."""

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import uvloop

from infra.stack import platform as all_services
from infra.stack.child import Program
from infra.stack.kafka import Door
from infra.stack.platform import Platform
from infra.stack.ports import free_port
from infra.stack.trial import Trial, trial
from playlog.client.http import Pool
from tests.faults import rest
from tests.faults.brokers import three
from tests.faults.crowd import Crowd
from tests.faults.disk import small
from tests.faults.judge import Judgement, judge
from tests.faults.links import Links
from tests.faults.load import Load
from tests.faults.players import Notes, Table
from tests.faults.row import Result, Row
from tests.faults.sampler import Sampler
from tests.faults.scene import NotInjected, Scene, launched
from tests.proof.saved import save

MOVE_PAUSE = 0.15
VERIFY_SECONDS = 180
LOAD_END_SECONDS = 60
# In runs as short as these the engines' own pace would write none.
CHECKPOINTS = {"PLAYLOG_CHECKPOINT_OUTCOMES": "50", "PLAYLOG_CHECKPOINT_SECONDS": "1"}
STORES = ("PLAYLOG_KAFKA", "PLAYLOG_REDIS_URL", "PLAYLOG_POSTGRES_URL")


@dataclass(frozen=True)
class Options:
    """seconds: how long a fault lasts or is repeated; root: where the evidence goes; keep it, also when green."""

    seconds: float
    seed: int
    root: Path
    bug: str = ""
    keep: bool = False


def perform(row: Row, options: Options) -> Result:
    """Run a row. Never raises for what a fault may cause: that is the result."""
    seed = options.seed * 1000 + row.number
    result = Result(row.name, row.title, "broken", seed, bar=row.pause, measure=row.measure, bug=options.bug)
    if reason := row.obstacle():
        result.outcome, result.reason = "skipped", reason
        return result
    folder = rest.folder_of(options.root, row.name, options.seed)
    began = time.monotonic()
    try:
        with _scene(row, options, folder, seed) as scene:
            uvloop.run(_play(row, scene, result, options.keep))
    except Exception as error:  # the other rows shall run; this one proves nothing
        result.outcome = "broken"
        result.reason = f"{type(error).__name__}: {error}"[:2000]
        (folder / "traceback.txt").write_text(traceback.format_exc())
    result.seconds = time.monotonic() - began
    result.evidence = str(folder)
    (folder / "result.json").write_text(json.dumps(asdict(result), indent=1))
    if result.outcome == "green" and not options.keep:
        shutil.rmtree(folder, ignore_errors=True)
        result.evidence = ""
    else:
        _throw_stores_away(folder)
    return result


def _throw_stores_away(folder: Path) -> None:
    """The dumps say what was in them; logs stay."""
    for name in ("kafka", "postgres", "valkey"):
        shutil.rmtree(folder / "stores" / name, ignore_errors=True)


@contextlib.contextmanager
def _scene(row: Row, options: Options, folder: Path, seed: int) -> Iterator[Scene]:
    """Everything started and ready."""
    seconds = max(options.seconds, row.seconds)
    with contextlib.ExitStack() as ends:
        links = Links()
        ends.callback(links.close)
        brokers, stores, ports = _stores(row, folder, links, ends)
        base = {**os.environ, **CHECKPOINTS, **stores.environment, **dict(row.environment)}
        change = _Change(folder, options.bug, stores, ports)
        services = ends.enter_context(
            all_services.platform(folder / "services", base, alter=change, replicas=row.brokers)
        )
        address = f"127.0.0.1:{ports['load']}" if "load" in row.links else stores.kafka_address
        load, notes = Load(address, seed), Notes()
        sampler = Sampler(stores.redis_url, load.opened)
        yield Scene(seed, seconds, stores, services, links, load, notes, folder, sampler, brokers, options.bug)


def _stores(
    row: Row, folder: Path, links: Links, ends: contextlib.ExitStack
) -> tuple[list[Any], Trial, dict[str, int]]:
    """Own stores; Kafka has a door for every client that is to go through a link."""
    environment = {name: value for name, value in os.environ.items() if name not in STORES}
    kafka_links = [name for name in row.links if ":" not in name]
    doors, ports = [], {}
    for number, name in enumerate(kafka_links):
        inside = free_port()
        ports[name] = links.open(name, inside, frames=True).port
        doors.append(Door(f"DOOR{number}", inside, ports[name]))
    brokers: list[Any] = []
    if row.brokers > 1:
        brokers = ends.enter_context(three(folder / "brokers", links))
        environment["PLAYLOG_KAFKA"] = ",".join(broker.address for broker in brokers)
    if row.disk is not None:
        name, size = row.disk
        ends.enter_context(small(folder / "stores" / name, size))
    more = row.kafka(folder) if row.kafka else None
    stores = ends.enter_context(
        trial(folder / "stores", environment, durable=True, doors=doors, kafka_environment=more)
    )
    for name in row.links:
        if ":" in name:
            url = stores.redis_url if name.endswith(":redis") else stores.postgres_url
            ports[name] = links.open(name, urlsplit(url).port or 0).port
    return brokers, stores, ports


class _Change:
    """How a service is run in this row: noting what it does, through links, with a bug."""

    def __init__(self, folder: Path, bug: str, stores: Trial, ports: dict[str, int]) -> None:
        self._folder, self._bug, self._stores, self._ports = folder, bug, stores, ports

    def __call__(self, program: Program) -> Program:
        more: dict[str, str] = {}
        if program.name in self._ports:
            more["PLAYLOG_KAFKA"] = f"127.0.0.1:{self._ports[program.name]}"
        for store, setting, url in (
            ("redis", "PLAYLOG_REDIS_URL", self._stores.redis_url),
            ("postgres", "PLAYLOG_POSTGRES_URL", self._stores.postgres_url),
        ):
            if (port := self._ports.get(f"{program.name}:{store}")) is not None:
                more[setting] = _at(url, port)
        changed = replace(program, environment={**program.environment, **more})
        return launched(changed, self._folder, self._bug)


def _at(url: str, port: int) -> str:
    parts = urlsplit(url)
    login, _, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{port}"))


async def _play(row: Row, scene: Scene, result: Result, keep: bool) -> None:
    """Load and players; the fault among them; then healing, rest and the verdict."""
    pool = Pool(scene.services.url)
    crowd = scene.crowd = Crowd(scene.notes, pool)
    stop = asyncio.Event()
    tables = [Table(scene.notes, pool, scene.seed + number) for number in range(row.tables)]
    tasks = [asyncio.create_task(scene.load.run(row.rate, stop))] if row.rate else []
    tasks += [asyncio.create_task(table.run(stop, MOVE_PAUSE)) for table in tables]
    tasks.append(asyncio.create_task(crowd.run(scene.load.opened, row.spectators, stop)))
    tasks.append(asyncio.create_task(scene.sampler.run(stop)))
    trouble = ""
    try:
        await scene.wait(2)
        async with scene.understudies() if row.understudies else contextlib.nullcontext():
            await row.inject(scene)
        await scene.wait(1)
    except NotInjected as error:
        trouble = str(error)
    try:
        not_healed = await rest.heal(scene)
        scene.load.go()
        stop.set()
        await asyncio.wait(tasks, timeout=LOAD_END_SECONDS)
        await _judge(row, scene, result, not_healed, keep)
        if trouble:
            result.outcome, result.reason = "broken", f"not injected: {trouble}"
        elif row.closing is not None and result.outcome == "green":
            result.violations += await row.closing(scene)
            result.outcome = "red" if result.violations else "green"
    finally:
        stop.set()
        for task in tasks:
            task.cancel()
        failed = await asyncio.gather(*tasks, return_exceptions=True)
        _tell(result, failed)
        await crowd.close()
        for table in tables:
            await table.close()
        pool.close()


def _tell(result: Result, failed: list[Any]) -> None:
    """A load or a player that fell over makes the run worthless."""
    for error in failed:
        if isinstance(error, Exception):
            result.outcome = "broken" if result.outcome == "green" else result.outcome
            result.reason += f" load or player: {type(error).__name__}: {error}"


async def _judge(row: Row, scene: Scene, result: Result, not_healed: str, keep: bool) -> None:
    sent = []
    with contextlib.suppress(*rest.AWAY):
        sent = await asyncio.wait_for(rest.sentinels(scene), rest.SENTINEL_SECONDS)
    at = rest.Rest(scene)
    restless = "; ".join(filter(None, [not_healed, await at.come()]))
    found = await rest.evidence(scene, at, sent, at_rest=not restless)
    judgement = await asyncio.to_thread(judge, found)
    if restless:
        judgement.violations.insert(0, f"I7: {restless}")
    judgement.violations += scene.notes.troubles
    if not judgement.violations and row.again:
        judgement.violations += await asyncio.to_thread(_verify, scene.services)
    _fill(result, scene, judgement)
    result.pause = judgement.pause if row.timed else scene.notes.longest()
    if result.outcome == "red" or keep:
        save(found, scene.folder / "evidence")
        (scene.folder / "verdict.txt").write_text(judgement.text)
    (scene.folder / "faults.ndjson").write_text("".join(json.dumps(asdict(one)) + "\n" for one in scene.faults))


def _fill(result: Result, scene: Scene, judgement: Judgement) -> None:
    result.faults = len(scene.faults)
    players = {event.command or event.key for event in scene.notes.history if event.action == "command"}
    result.sent = scene.load.sent + len(players)
    result.accepted = judgement.accepted
    result.unknown = scene.load.unknown
    result.lost, result.duplicated, result.ignored = judgement.lost, judgement.duplicated, judgement.ignored
    result.seen = scene.notes.longest()
    result.back = scene.notes.after_returns(scene.back, [fault.at for fault in scene.faults])
    result.regained = scene.notes.regained()
    result.violations = judgement.violations
    result.outcome = "red" if judgement.violations else "green"


def _verify(services: Platform) -> list[str]:
    """Judging the commands again gives the same bytes."""
    done = subprocess.run(
        [sys.executable, "-m", "playlog", "verify"],
        env={**os.environ, **services.environment},
        capture_output=True,
        text=True,
        timeout=VERIFY_SECONDS,
        check=False,
    )
    return [] if done.returncode == 0 else [f"I12: playlog verify: {done.stdout}{done.stderr}"[:2000]]
