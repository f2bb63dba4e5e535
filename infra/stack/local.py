"""Brings a whole Playlog up on this machine, watches over it, and takes it down again."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, Protocol

from infra.stack import aot, services, stores
from infra.stack.child import Program
from infra.stack.errors import StackError, StopRequested
from infra.stack.files import tail
from infra.stack.health import is_ready
from infra.stack.home import Home
from infra.stack.ports import Ports
from infra.stack.running import run_all, wait_until
from infra.stack.settings import StackSettings
from infra.stack.stores import Stores
from infra.stack.supervisor import Supervisor, Watched

STEP_SECONDS = 60.0
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

    1. claim the home; 2. fetch, prepare and start the stores; 3. apply topics and tables; 4. start the
    services; 5. wait until a move can be played; 6. watch, until a stop signal arrives.
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
        self._start_stores()
        if not self._stores_only:
            self._start_services()
        self._ready = True
        self._write_state()
        self._report.ready("" if self._stores_only else self._address())
        self._record_aot()

    def _start_stores(self) -> None:
        with self._report.step("Kafka's jars"):
            self._stores = stores.build(self._settings, self._home, self._ports, self._progress)
        ours = self._stores.ours()
        with self._report.step("Data folders"):
            stores.prepare(ours, self._tick)
        with self._report.step("Kafka, PostgreSQL and Valkey"):
            self._supervisor.start([store.program() for store in ours])
            for store in ours:
                stores.wait_for(store, self._tick)

    def _start_services(self) -> None:
        assert self._stores is not None
        plan = services.plan(self._settings, self._home, self._ports, self._stores.environment())
        with self._report.step("Topics and tables"):
            run_all(plan.steps, self._tick, STEP_SECONDS)
        with self._report.step("Services"):
            for tier in plan.tiers:
                self._supervisor.start(tier)
            self._wait_for_gateway(plan.tiers[-1][0])

    def _wait_for_gateway(self, gateway: Program) -> None:
        try:
            wait_until(lambda: is_ready(gateway.port), "The gateway", self._tick, READY_SECONDS)
        except StackError as error:
            raise StackError(f"{error}\n{explain(self._supervisor.everybody())}") from error

    def _tick(self) -> None:
        self._supervisor.tick(0.02)
        self._supervisor.refuse_dying()

    def _progress(self, done: int, whole: int) -> None:
        self._report.progress(done, whole)

    def _record_aot(self) -> None:
        """The first start of a machine makes the next ones faster, in the background."""
        kafka = self._stores.kafka if self._stores else None
        if kafka and kafka.java.has_aot and not kafka.aot.exists():
            self._supervisor.errand(aot.recorder(self._home, kafka, services.python()))

    def _address(self) -> str:
        host = self._settings.gateway_host
        shown = "localhost" if host in {"127.0.0.1", "::1", "0.0.0.0"} else host  # noqa: S104 -- only compared
        return f"http://{shown}:{self._settings.gateway_port}"

    def _write_state(self) -> None:
        if self._stores is not None:
            self._home.write_state(self._state(self._stores))

    def _state(self, known: Stores) -> dict[str, Any]:
        return {
            "home": str(self._home.path),
            "started": self._started,
            "ready": self._ready,
            "gateway": {"url": None if self._stores_only else self._address()},
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
        "port": watched.program.port,
        "restarts": watched.restarts,
        "log": str(watched.program.log),
    }


def explain(everybody: list[Watched]) -> str:
    """The last log lines of each service that is not ready."""
    late = [watched.program for watched in everybody if not is_ready(watched.program.port)]
    ours = [program for program in late if program.service not in {"kafka", "postgres", "redis"}]
    return "\n".join(f"{program.name} is not ready ({program.log}):\n{tail(program.log)}" for program in ours)
