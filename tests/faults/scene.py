"""The running system of one row, and everything that can be done to it; each deed is noted."""

import asyncio
import contextlib
import dataclasses
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.stack.child import Program
from infra.stack.platform import Platform, Service
from infra.stack.ports import free_port
from infra.stack.spares import Spares
from infra.stack.trial import Trial
from tests.faults.crowd import Crowd
from tests.faults.links import Links
from tests.faults.load import Load
from tests.faults.players import Notes
from tests.faults.sampler import Sampler
from tests.proof.evidence import Fault

LAUNCH = ("-m", "tests.faults.launch")
PATIENCE = 60.0
TEND_SECONDS = 0.1


class NotInjected(Exception):
    """The fault did not come about, so the row says nothing."""


@dataclass
class Scene:
    """Stores, services, links and load of one run. `folder` keeps the evidence."""

    seed: int
    seconds: float
    stores: Trial
    services: Platform
    links: Links
    load: Load
    notes: Notes
    folder: Path
    sampler: Sampler
    brokers: Sequence[Any] = ()
    bug: str = ""
    crowd: Crowd | None = None
    faults: list[Fault] = field(default_factory=list)
    extras: list[Service] = field(default_factory=list)
    back: list[float] = field(default_factory=list)  # when a store served clients again
    spares: Spares = field(default_factory=Spares)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.began = time.monotonic()
        self.began_ms = int(time.time() * 1000)

    def target(self, name: str) -> Any:
        """The handle of a service, a store or a broker."""
        stores = {"kafka": self.stores.kafka, "redis": self.stores.redis, "postgres": self.stores.postgres}
        brokers = {f"broker-{number}": broker for number, broker in enumerate(self.brokers, 1)}
        extras = {extra.name: extra for extra in self.extras}
        return {**self.services.services, **extras, **stores, **brokers}[name]

    def note(self, what: str, target: str = "", seconds: float = 0.0) -> None:
        """Write a deed down."""
        now = time.monotonic()
        self.faults.append(Fault(now, what, target, now + seconds if seconds else None))

    async def wait(self, seconds: float) -> None:
        """Let the load flow."""
        await asyncio.sleep(seconds)

    async def until(self, condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> None:
        """Wait for a condition. Raises NotInjected, naming `what`, when it does not come about."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise NotInjected(f"{what}: not within {seconds:.0f} s")
            await asyncio.sleep(0.02)

    async def until_ready(self, name: str, seconds: float = PATIENCE) -> None:
        """Wait until a service says that it can do its work."""
        service = self.target(name)
        deadline = time.monotonic() + seconds
        while not await asyncio.to_thread(lambda: service.ready):
            if time.monotonic() > deadline:
                raise NotInjected(f"{name} is not ready after {seconds:.0f} s")
            await asyncio.sleep(0.1)

    def kill(self, name: str) -> None:
        self.note("kill", name)
        self.target(name).kill()

    def start(self, name: str) -> None:
        """Start it again without waiting for it, from its understudy where one waits."""
        target = self.target(name)
        target.start(self.spares.start) if isinstance(target, Service) else target.launch()

    @contextlib.asynccontextmanager
    async def understudies(self) -> AsyncIterator[None]:
        """Meanwhile an understudy is kept ready for whoever has one, as under the real supervisor."""
        for service in self.services.services.values():
            self.spares.keep_for(service.program)
        task = asyncio.create_task(self._tend())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self.spares.stop()

    async def _tend(self) -> None:
        while True:
            self.spares.tend()
            await asyncio.sleep(TEND_SECONDS)

    def restart(self, name: str) -> None:
        """Kill it and start it at once."""
        self.kill(name)
        self.start(name)

    async def end(self, name: str) -> None:
        """SIGTERM, and wait for its end."""
        self.note("term", name)
        target = self.target(name)
        os.kill(target.pid, signal.SIGTERM)
        if isinstance(target, Service):
            await self.until(lambda: not target.running, f"{name} does not end", 30)
        else:
            await self.until(lambda: target.child.exit_code() is not None, f"{name} does not end", 40)

    async def stall(self, name: str, seconds: float) -> None:
        """SIGSTOP for some time."""
        self.note("stall", name, seconds)
        self.target(name).pause()
        await asyncio.sleep(seconds)
        self.target(name).resume()

    async def answering(self, name: str, seconds: float = PATIENCE) -> None:
        """Wait until a store or broker serves clients, and note when; one that dies while it starts gets another
        try."""
        target = self.target(name)
        deadline = time.monotonic() + seconds
        while not await asyncio.to_thread(target.answers):
            target.launch()
            if time.monotonic() > deadline:
                raise NotInjected(f"{name} does not answer after {seconds:.0f} s")
            await asyncio.sleep(0.1)
        self.back.append(time.monotonic())

    def launch_with(self, name: str, *options: str) -> None:
        """From its next start on the service runs with these options of `tests.faults.launch`."""
        service = self.target(name)
        service.program = launched(service.program, self.folder, self.bug, *options)

    def launch_plainly(self, name: str) -> None:
        """From its next start on it runs as ever."""
        self.launch_with(name)

    def said(self, name: str) -> Callable[[], str]:
        """What a service writes to its log from now on."""
        log: Path = self.target(name).program.log
        before = log.stat().st_size
        return lambda: log.read_bytes()[before:].decode(errors="replace")

    def twin(self, name: str, other: str) -> Service:
        """One more process of a service, under a name of its own; not started."""
        service = self.services[name]
        port = free_port()
        own = {"PLAYLOG_WORKER_NAME": other, "PLAYLOG_HEALTH_PORT": str(port)}
        program = dataclasses.replace(
            service.program,
            name=other,
            port=port,
            environment={**service.program.environment, **own},
            log=service.program.log.with_name(f"{other}.log"),
        )
        self.extras.append(Service(program))
        return self.extras[-1]

    async def dies(self, name: str, seconds: float = PATIENCE) -> None:
        """Wait until a crash point is reached. Raises NotInjected when it is not."""
        service = self.target(name)
        await self.until(lambda: not service.running, f"{name} never came to its crash point", seconds)
        if service.exit_code != -signal.SIGKILL:
            raise NotInjected(f"{name} ended with {service.exit_code} instead of at its crash point")


def launched(program: Program, folder: Path, bug: str, *options: str) -> Program:
    """`python -m service` as `python -m tests.faults.launch OPTIONS service`: it notes what it does, and so does
    its understudy, which knows no options."""
    python, module = program.argv[0], program.argv[-1]
    notes = ("--notes", str(folder / f"{module}.notes"))
    common = (python, *LAUNCH, *notes, *(("--bug", bug) if bug else ()))
    waiting = (*common, "--wait", module) if program.understudy else None
    return dataclasses.replace(program, argv=(*common, *options, module), understudy=waiting)
