"""The four services put together as their own wiring does, but over the fakes; each in its own process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

from engine_worker.checkpoint_write import Checkpointer, Shelf
from engine_worker.closing import Closing
from engine_worker.pace import Pace
from engine_worker.produce import Log
from engine_worker.takeover import Takeover
from engine_worker.term import Term
from engine_worker.worker import Membership, work
from history_sink.sink import HistorySink
from history_sink.store import Store as HistoryStore
from infra.clock import SystemClock
from infra.health import Health
from infra.kafka.client import partition_of
from infra.kafka.follow import Follower
from schemas.topics import MATCHES
from session_worker.store import Store as SessionStore
from session_worker.worker import SessionWorker
from tests.proof.evidence import Reading, Send
from tests.simulator import postgres, redis
from tests.simulator.broker import Broker
from tests.simulator.clients import Consumer, Producer
from tests.simulator.loop import Process
from tests.simulator.world import World

PRODUCE_SECONDS = 2.0
IDLE_MS = 500
FETCH_SECONDS = 0.25  # for which the broker gathers what a sink fetches: longer than in life, and cheaper
RESTART_SECONDS = (0.15, 0.5, 1.2)


class Stack:
    """The stores that all processes share."""

    def __init__(self, world: World, partitions: int) -> None:
        self.world = world
        self.broker = Broker(world, partitions)
        self.redis = redis.Server(world)
        self.postgres = postgres.Server(world)
        self.sends: list[Send] = []
        self.readings: list[Reading] = []
        self.subscribes_late = False  # a bug of the gateway's line

    def home(self, match: str) -> int:
        return partition_of(match.encode(), self.broker.partitions)


class Listener:
    """What the engine's subscriber does with the group's decisions."""

    def __init__(self, term: Term, consumer: Consumer) -> None:
        self._term, self._consumer = term, consumer

    async def on_partitions_assigned(self, assigned: Any) -> None:
        self._term.assign(self._consumer, [tp.partition for tp in assigned])  # type: ignore[arg-type]

    async def on_partitions_revoked(self, revoked: Any) -> None:
        if revoked:
            await self._term.revoke()


async def engine(stack: Stack, process: Process) -> None:
    """An engine worker: terms until the end."""
    closing, world = Closing(), stack.world

    @contextlib.asynccontextmanager
    async def open_term() -> AsyncIterator[Membership]:
        writer: Any = Producer(stack.broker, process, stack.sends)
        fold: Any = Consumer(stack.broker, process)
        commands: Any = Consumer(stack.broker, process, MATCHES.group("engine"), most=world.chance.choice([3, 20]))
        log = Log(writer, MATCHES, PRODUCE_SECONDS)
        pace = Pace(world.chance.choice([1, 1, 4]), world.chance.choice([0.1, 0.6]), 1.0)
        checkpoints = Checkpointer(open_shelf, pace, SystemClock().now_ms, world.loop.time)
        takeover = Takeover(fold, log, MATCHES, process.name, SystemClock().now_ms)
        term = Term(log, takeover, checkpoints, MATCHES)
        polling = None
        try:
            await asyncio.gather(writer.start(), fold.start())
            await commands.start()
            commands.subscribe([MATCHES.commands], listener=Listener(term, commands))
            polling = asyncio.create_task(_poll(term, commands))
            yield Membership(term, commands)
        finally:
            term.end()
            if polling is not None:
                polling.cancel()
            closing.begin("subscriber", commands.stop)
            closing.begin("reader", fold.stop)
            closing.begin("producer", writer.stop)

    @contextlib.asynccontextmanager
    async def open_shelf() -> AsyncIterator[Shelf]:
        writer: Any = Producer(stack.broker, process, stack.sends)
        await writer.start()
        try:
            yield Shelf(writer, writer, MATCHES)
        finally:
            closing.begin("checkpoints", writer.stop)

    await work(open_term, SystemClock().now_ms, Health(monotonic=world.loop.time), asyncio.Event())


async def _poll(term: Term, consumer: Consumer) -> None:
    """FastStream's loop."""
    while True:
        try:
            polled = await consumer.getmany(timeout_ms=IDLE_MS)
        except Exception as error:
            term.fail(error)
            return
        if records := [record for records in polled.values() for record in records]:
            await term.handle(records)


async def session(stack: Stack, process: Process) -> None:
    """A session worker."""
    line: Any = redis.Line(stack.redis, process)
    worker = SessionWorker(SessionStore(line), SystemClock(), stack.home)
    async with asyncio.TaskGroup() as group:
        group.create_task(line.run(asyncio.Event()))
        group.create_task(_follow(stack, process, worker, "session"))


async def sink(stack: Stack, process: Process) -> None:
    """A history sink."""
    store = HistoryStore("", process.name)

    async def connected() -> Any:
        if store._connection is None or store._connection.is_closed():
            store._connection = await postgres.connect(stack.postgres, process)  # type: ignore[assignment]
        return store._connection

    store._connected = connected  # type: ignore[method-assign]
    await _follow(stack, process, HistorySink(store, SystemClock()), "history", FETCH_SECONDS)


async def _follow(stack: Stack, process: Process, projection: Any, group: str, patience: float = 0.0) -> None:
    most = stack.world.chance.choice([3, 10, 100])

    async def prepare() -> None:
        await asyncio.sleep(0)

    follower: Follower[Any] = Follower(
        projection,
        MATCHES.outcomes,
        open_consumer=lambda: Consumer(stack.broker, process, MATCHES.group(group), most, patience),  # type: ignore[arg-type,return-value]
        prepare=prepare,
        health=Health(monotonic=stack.world.loop.time),
        clock=SystemClock(),
        max_records=most,
    )
    await follower.run(asyncio.Event())


Service = Callable[[Stack, Process], Any]


class Supervisor:
    """Starts processes and starts them again; kills and stops them as the faults want it."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.world = stack, stack.world
        self._services: dict[str, Service] = {}
        self.died: list[str] = []  # processes that ended by themselves
        self.on_kill: Callable[[], None] = lambda: None

    def start(self, name: str, service: Service) -> None:
        self._services[name] = service
        process = self.world.process(name)
        task = process.start(service(self.stack, process))
        task.add_done_callback(partial(self._ended, name))
        self.world.note("start", name)

    def _ended(self, name: str, task: "asyncio.Task[Any]") -> None:
        if not task.cancelled():
            self.died.append(f"{name} ended by itself: {task.exception()!r}")
            self.world.later(0.2, self._restart, name)

    def kill(self, name: str, seconds: float | None = None) -> None:
        """SIGKILL; it is started again after a while."""
        process = self.world.processes[name]
        if not process.alive:
            return
        process.kill()
        self.world.note("kill", name)
        self._silent(name)
        self.world.later(0.001, self.on_kill)
        wait = self.world.chance.choice(RESTART_SECONDS) if seconds is None else seconds
        self.world.later(wait, self._restart, name)

    def stall(self, name: str, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after `seconds`."""
        process = self.world.processes[name]
        if not process.runs:
            return
        process.stop()
        self.world.note("stop", (name, seconds))
        self._silent(name)
        self.world.later(seconds, self._resume, process)

    def _resume(self, process: Process) -> None:
        if process.alive and process.parked is not None:
            self.world.note("continue", process.name)
            process.resume()

    def _restart(self, name: str) -> None:
        if not self.world.processes[name].alive or self.died:
            self.start(name, self._services[name])

    def _silent(self, name: str) -> None:
        for group in self.stack.broker.groups.values():
            if name in group.members:
                group.silent(name)

    def heal(self) -> None:
        """Wake up whoever sleeps."""
        for process in list(self.world.processes.values()):
            self._resume(process)
