"""Brings a whole Playlog up on this machine, watches over it, and takes it down again."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, Protocol

from infra.stack import aot, services, stores
from infra.stack.cores import take_turns
from infra.stack.errors import NotInTime, StackError, StopRequested
from infra.stack.health import is_ready, reasons
from infra.stack.home import Home
from infra.stack.ports import Ports, refuse_taken
from infra.stack.running import Link, last_words, run_all, wait_until
from infra.stack.services import Plan
from infra.stack.settings import StackSettings
from infra.stack.stores import Stores
from infra.stack.supervisor import Supervisor, Watched

STORE_SECONDS = 120.0
READY_SECONDS = 60.0


class Report(Protocol):
    """How the start is told to whoever waits for it."""

    def step(self, what: str) -> AbstractContextManager[None]:
        """A context manager around one step of the start."""

    def progress(self, done: int, whole: int) -> None:
        """How far the present step is."""

    def notice(self, text: str) -> None:
        """Something happened to a process."""

    def ready(self, address: str) -> None:
        """All is up; `address` is for the browser, empty when only stores were wanted."""


class LocalStack:
    """One home's stack, from its start to its end; `run` blocks in the main thread.

    1. claim the home; 2. fetch, prepare and start the stores, apply topics and tables; 3. start the services;
    4. wait until a move can be played; 5. watch, until a stop signal arrives.
    """

    def __init__(self, settings: StackSettings, report: Report, stores_only: bool = False) -> None:
        self._settings, self._report, self._stores_only = settings, report, stores_only
        self._home = Home(settings.home)
        self._ports = Ports(settings, self._home.run / "ports.json")
        self._started = datetime.now(UTC).isoformat(timespec="seconds")
        self._stores: Stores | None = None
        self._ready = False
        self._supervisor = Supervisor(report.notice, self._write_state)

    def run(self) -> None:
        """Returns after a stop signal; raises StackError when the start fails. Leaves no process behind."""
        with self._home.claimed(), self._supervisor.listening():
            take_turns()
            try:
                self._bring_up()
                self._supervisor.run()
            except StopRequested:
                self._report.notice("Stopping.")
            except OSError as error:
                raise StackError(f"The start failed: {error}.") from error
            finally:
                self._supervisor.stop()
                self._home.state_file.unlink(missing_ok=True)

    def _bring_up(self) -> None:
        if not self._stores_only:  # before anything is fetched or started
            refuse_taken(self._settings.gateway_port, "PLAYLOG_GATEWAY_PORT", self._settings.gateway_host)
        known = self._stores = self._describe_stores()
        plan = None if self._stores_only else self._plan(known)
        self._start_stores(known, plan)
        if plan is not None:
            self._start_services(plan)
        self._ready = True
        self._supervisor.keep_spares()
        self._report.ready(self._settings.gateway_url if plan else "")
        self._write_state()  # after the words, which `up --detach` shows until it reads this
        self._record_aot(known)

    def _describe_stores(self) -> Stores:
        with self._report.step("Kafka's jars"):
            return stores.build(
                self._settings, self._home, self._ports, self._progress, notice=self._report.notice
            )

    def _progress(self, done: int, whole: int) -> None:
        self._report.progress(done, whole)
        self._supervisor.tick(0)  # hears Ctrl-C

    def _plan(self, known: Stores) -> Plan:
        return services.plan(self._settings, self._home, self._ports, known.environment())

    def _start_stores(self, known: Stores, plan: Plan | None) -> None:
        """Each step runs as soon as its own store answers, while slower ones still start."""
        ours = known.ours()
        with self._report.step("Data folders"):
            stores.prepare(ours.values(), self._tick)
        chains: dict[str, list[Link]] = {name: [store.answers] for name, store in ours.items()}
        for needs, step in plan.steps.items() if plan else ():
            chains.setdefault(needs, []).append(step)
        with self._report.step("Stores, topics and tables" if plan else "Stores"):
            self._supervisor.start([store.program() for store in ours.values()])
            run_all(chains.values(), "Stores, topics and tables", self._tick, STORE_SECONDS)

    def _start_services(self, plan: Plan) -> None:
        gateway = plan.tiers[-1][0]
        with self._report.step("Services"):
            for tier in plan.tiers:
                self._supervisor.start(tier)
            try:
                wait_until(lambda: is_ready(gateway.port, gateway.host), "The gateway", self._tick, READY_SECONDS)
            except NotInTime as error:
                raise StackError(f"{error}\n{explain(self._supervisor.everybody())}") from error

    def _tick(self) -> None:
        self._supervisor.tick(0.02)
        self._supervisor.refuse_dying()

    def _record_aot(self, known: Stores) -> None:
        """The first start of a machine makes the next ones faster, in the background."""
        kafka = known.kafka
        if kafka and kafka.java.has_aot and not kafka.aot.exists():
            self._supervisor.errand(aot.recorder(self._home, kafka, services.python()))

    def _write_state(self) -> None:
        if self._stores is not None:
            self._home.write_state(self._state(self._stores))

    def _state(self, known: Stores) -> dict[str, Any]:
        return {
            "home": str(self._home.path),
            "started": self._started,
            "ready": self._ready,
            "gateway": {"url": None if self._stores_only else self._settings.gateway_url},
            "kafka": {"address": known.kafka_address()},
            "redis": {"url": known.redis_url()},
            "postgres": {"url": known.postgres_url()},
            "processes": [describe(watched) for watched in self._supervisor.everybody()],
        }


def describe(watched: Watched) -> dict[str, Any]:
    """A process as the state file shows it."""
    return {
        "service": watched.program.service,
        "name": watched.program.name,
        "pid": watched.child.pid,
        "state": watched.state,
        "host": watched.program.host,
        "port": watched.program.port,
        "restarts": watched.restarts,
        "log": str(watched.program.log),
    }


def explain(everybody: list[Watched]) -> str:
    """What each service that is not ready says about it, and the end of its log."""
    services_only = [watched.program for watched in everybody if watched.program.name not in stores.NAMES]
    late = [program for program in services_only if not is_ready(program.port, program.host)]
    return "\n".join(
        f"{program.name} is not ready: {reasons(program.port, program.host)}\n{last_words(program)}"
        for program in late
    )
