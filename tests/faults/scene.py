"""One fault run: load, the fault, healing, quiet, and the comparison of everything with everything."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from infra.stack.platform import Platform
from infra.stack.trial import Trial
from tests.faults import checker
from tests.faults.load import Load
from tests.faults.truth import Log, read_log

SECONDS = float(os.environ.get("PLAYLOG_FAULT_SECONDS", "40"))
RATE = 500.0
QUIET_SECONDS = 60.0
Fault = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Verdict:
    """What a run showed. pause: the longest wait of any command for its outcome, in seconds."""

    log: Log
    load: Load
    pause: float
    began: int

    @property
    def ignored(self) -> int:
        return sum(sum(partition.ignored.values()) for partition in self.log.values())

    @property
    def commands(self) -> int:
        return sum(len(partition.commands) for partition in self.log.values())


async def play(stores: Trial, services: Platform, fault: Fault, seed: int, rate: float = RATE) -> Verdict:
    """Run the fault while commands flow; then nothing may be lost, doubled, reordered or stored wrongly."""
    began = int(time.time() * 1000)
    load, stop = Load(stores.kafka_address, seed), asyncio.Event()
    sending = asyncio.create_task(load.run(rate, stop))
    try:
        await fault()
    finally:
        stop.set()
        await sending
    for service in services.services.values():
        service.resume()
        service.start()
    services.wait_ready()
    log = await compare(stores, load)
    assert load.acknowledged
    verify(services)
    verdict = Verdict(log, load, checker.longest_pause(log, began), began)
    print(  # noqa: T201  # the figures of a run are its result
        f"\n{len(load.acknowledged)} commands acknowledged, {verdict.commands} judged, {verdict.ignored} stale "
        f"outcomes ignored, longest pause {verdict.pause:.2f} s, 0 lost, 0 doubled"
    )
    return verdict


async def compare(stores: Trial, load: Load) -> Log:
    """Compare everything until all of it agrees: timers still move matches, and readers have to catch up first."""
    deadline = time.monotonic() + QUIET_SECONDS
    while True:
        log = await read_log(stores.kafka_address)
        wrong = [
            *checker.check_log(log),
            *checker.check_promises(log, load.acknowledged),
            *await checker.check_redis(log, stores.redis_url),
            *await checker.check_postgres(log, stores.postgres_url),
        ]
        if not wrong:
            return log
        assert time.monotonic() < deadline, "\n".join([f"{len(wrong)} violations", *wrong[:20]])
        await asyncio.sleep(0.5)


def verify(services: Platform) -> None:
    """Judging the commands again gives the same bytes."""
    done = subprocess.run(
        [sys.executable, "-m", "playlog", "verify"],
        env={**os.environ, **services.environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def boot_seconds(services: Platform) -> float:
    """The floor of every pause: how long an engine takes, here and now, from its start to being ready."""
    began = time.monotonic()
    services["engine-1"].restart()
    services.wait_ready()
    return time.monotonic() - began


async def wait(seconds: float) -> None:
    """Let the load flow."""
    await asyncio.sleep(seconds)
