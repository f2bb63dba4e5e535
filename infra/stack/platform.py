"""All services on given stores, for tests and measurements: each may be killed, stalled, started again."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from infra.stack import services
from infra.stack import settings as stack_settings
from infra.stack.child import Child, Program
from infra.stack.errors import NotInTime
from infra.stack.health import is_ready, reasons
from infra.stack.home import Home
from infra.stack.ports import Ports, free_port
from infra.stack.running import last_words, pause, run_all

READY_SECONDS = 60.0
STEP_SECONDS = 60.0


class Service:
    """One service process. Nobody watches it: it stays dead until it is started again.

    Start it from the main thread only, since children die with their starter. `program` may be replaced: the next
    start uses it.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self._child: Child | None = None

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def port(self) -> int:
        """Where it answers /livez, /readyz and /metrics."""
        return self.program.port or 0

    @property
    def pid(self) -> int:
        """Of its present, or last, life."""
        if self._child is None:
            raise ValueError(f"{self.name} was never started")
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether the process lives; a stalled one does."""
        return self._child is not None and self._child.exit_code() is None

    @property
    def ready(self) -> bool:
        """What its /readyz says, within a second."""
        return self.running and is_ready(self.port, self.program.host)

    @property
    def exit_code(self) -> int | None:
        """How its last life ended; negative numbers are signals, None while it lives or before it first did."""
        return None if self._child is None else self._child.exit_code()

    def start(self, birth: Callable[[Program], Child] = Child) -> None:
        """Starts it, if it does not run, and returns at once. `birth` makes the process, say `Spares.start`."""
        if not self.running:
            self._child = birth(self.program)

    def stop(self) -> None:
        """Ends it properly and waits for its end."""
        if self._child is not None:
            self._child.stop()

    def kill(self) -> None:
        """Ends it as a crash would."""
        if self._child is not None:
            self._child.kill()
            self._child.wait(10)

    def pause(self) -> None:
        """Stalls it: connections stay, nobody answers."""
        if self._child is not None:
            self._child.pause()

    def resume(self) -> None:
        """Lets it go on."""
        if self._child is not None:
            self._child.resume()

    def restart(self) -> None:
        """Kills it and starts it at once, as the supervisor does with what died."""
        self.kill()
        self.start()


@dataclass(frozen=True)
class Platform:
    """Every service by name, where browsers find the gateway, and how a process finds the stores."""

    url: str
    environment: Mapping[str, str]
    services: Mapping[str, Service]

    def __getitem__(self, name: str) -> Service:
        return self.services[name]

    def wait_ready(self, seconds: float = READY_SECONDS, tick: Callable[[], None] = pause) -> None:
        """Returns when every running service is ready; raises NotInTime with what the late ones say."""
        deadline = time.monotonic() + seconds
        while late := [service for service in self.services.values() if service.running and not service.ready]:
            if time.monotonic() > deadline:
                raise NotInTime("\n".join(map(_words, late)))
            tick()

    def stop(self) -> None:
        """Ends all, the gateway first."""
        for service in reversed([*self.services.values()]):
            service.stop()


def _words(service: Service) -> str:
    told = reasons(service.port, service.program.host)
    return f"{service.name} is not ready: {told}\n{last_words(service.program)}"


def _replicated(topics: Program, replicas: int) -> Program:
    return topics if replicas == 1 else replace(topics, argv=(*topics.argv, "--replicas", str(replicas)))


@contextmanager
def platform(
    home: Path,
    environment: Mapping[str, str],
    names: set[str] | None = None,
    alter: Callable[[Program], Program] | None = None,
    replicas: int = 1,
) -> Iterator[Platform]:
    """Topics and tables made, then the services (all, or those of `names`) started and ready; ended afterwards.

    `environment` names the stores (`Trial.environment` over the process's own); ports are free ones. `alter`
    changes how a service is run; `replicas` is how many copies topics get.
    """
    variables = {"PLAYLOG_GATEWAY_PORT": str(free_port()), **environment, "PLAYLOG_HOME": str(home)}
    settings = stack_settings.read(variables)
    place = Home(home)
    place.make()
    plan = services.plan(settings, place, Ports(settings, place.run / "ports.json"), {})
    steps = {**plan.steps, "kafka": _replicated(plan.steps["kafka"], replicas)}
    run_all([[step] for step in steps.values()], "Topics and tables", pause, STEP_SECONDS)
    programs = [program for tier in plan.tiers for program in tier]
    every = {program.name: Service(alter(program) if alter else program) for program in programs}
    running = Platform(f"http://127.0.0.1:{settings.gateway_port}", settings.environment, every)
    try:
        for name, service in every.items():
            if names is None or name in names:
                service.start()
        running.wait_ready()
        yield running
    finally:
        running.stop()
