"""One run from a seed: everybody acts, faults strike, the world heals and rests, the evidence is judged."""

import asyncio
import logging
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import cache, partial
from typing import Any, NamedTuple
from unittest.mock import patch

import structlog

from engine_worker.snapshot import Capture
from gateway_api import sse
from infra.kafka.progress import accept
from schemas.topics import MATCHES
from tests.proof.checker import check
from tests.proof.evidence import Reading
from tests.proof.report import Verdict
from tests.simulator import collect, services
from tests.simulator.broker import Sent
from tests.simulator.bugs import BUGS
from tests.simulator.clients import Producer
from tests.simulator.faults import Faults
from tests.simulator.gateway import Front, respond
from tests.simulator.loop import PROCESS, Stuck, running
from tests.simulator.players import Crowd, History
from tests.simulator.services import Stack, Supervisor
from tests.simulator.world import Violation, World
from tests.words import ANN, BOB, EVE

PLAYERS = [ANN, BOB, EVE]
LOG = (MATCHES.commands, MATCHES.outcomes)
CHAOS_SECONDS = (2.0, 3.5, 5.0)
HEAL_SECONDS = 60.0
LOOK_SECONDS = 0.25
TOGETHER = (0, 20, 20_000)  # records: what is built together, where not everything is
TIMER_SECONDS = 0.3  # a third of the looks at deadlines do
CHECKPOINT_SECONDS = 0.2
CHUNK_BYTES = 600  # so that checkpoints have several
POLL_SECONDS = 1.3  # in which a stream finds out what no hint has told it


class Simulation:
    """A seed's whole world. `watch` is given the trace at the end."""

    watch: Callable[[list[Any]], None] = staticmethod(lambda _: None)

    def __init__(self, seed: int) -> None:
        self.world = world = World(seed)
        self.stack = Stack(world, world.chance.choice([1, 1, 2]))
        self.front, self.history = Front(self.stack), History()
        self.supervisor = Supervisor(self.stack)
        self.supervisor.on_kill = self.front.reset_dead
        self.faults = Faults(self.stack, self.supervisor, self.front)
        self.crowd = Crowd(self.front, self.history)
        self.sentinels = 0
        self._chaos = world.chance.choice(CHAOS_SECONDS)
        self._ended = False

    def run(self) -> None:
        """Raises Violation when the world does not come to rest."""
        world = self.world
        with running(world.loop, world.wall), _patched(self.stack):
            driver = world.loop.create_task(self._drive())
            try:
                world.loop.run(driver.done)
                driver.result()
            finally:
                self.watch(world.trace)

    def judge(self) -> Verdict:
        """What the checker says of all that was left behind."""
        return check(collect.evidence(self))

    async def _drive(self) -> None:
        world, start = self.world, self.supervisor.start
        for number in (1, 2):
            start(f"engine-{number}", services.engine)
            start(f"session-{number}", services.session)
            start(f"history-{number}", services.sink)
            start(f"gateway-{number}", self.front.serve)
        self.crowd.begin(PLAYERS)
        striking = world.loop.create_task(self.faults.run())
        await asyncio.sleep(self._chaos)
        world.playing = False
        await self._heal()
        striking.cancel()
        await self._rest()
        if world.roll(0.25):
            await self._a_day_later()
        world.closing = True
        for task in self.crowd.tasks:
            task.cancel()
        await asyncio.wait(self.crowd.tasks)  # no time passes, so nothing else moves

    async def _heal(self) -> None:
        """Everything that was taken away is given back; nobody repairs what is in the stores."""
        world, stack = self.world, self.stack
        world.heal()
        stack.broker.start()
        stack.redis.go_on()
        stack.postgres.go_on()
        self.supervisor.heal()
        stack.broker.set_back = 0
        for name in list(world.skews):
            world.skews[name] = 0
        await asyncio.sleep(max(0.5, world.all_arrived - world.loop.now))
        for partition in range(stack.broker.partitions):
            self._sentinel(partition)

    async def _a_day_later(self) -> None:
        """What has expired must not come back, and whoever was late settles by the clock."""
        self.world.jumped += 25 * 3_600_000
        self.world.note("a day later")
        if self.world.roll(0.5):
            self.stack.redis.flush()
        await asyncio.sleep(POLL_SECONDS)
        await self._rest()

    def _sentinel(self, partition: int) -> None:
        """A command of nobody, whose outcome shows that the partition is served."""
        self.sentinels += 1
        while self.stack.home(f"sentinel-{self.sentinels}") != partition:
            self.sentinels += 1
        name = b"sentinel-%d" % self.sentinels
        self.stack.broker.append(MATCHES.commands, partition, [Sent(name, b"{}", [("ce_id", name)])])

    async def _rest(self) -> None:
        """Wait until nothing has moved for so long that every stream has found out what no hint has told it."""
        now = self.world.loop.time
        until, since, written = now() + HEAL_SECONDS, now(), self._written()
        while now() - since < POLL_SECONDS:
            await asyncio.sleep(LOOK_SECONDS)
            if (problem := self._unrest()) or written != self._written():  # a timer may ring between two looks
                since, written = now(), self._written()
                if since > until:
                    raise Violation(f"I7: {problem or 'the log still grows'} after {HEAL_SECONDS:.0f} s")

    def _written(self) -> int:
        """How many commands and outcomes there are."""
        logs = self.stack.broker.logs
        return sum(len(logs[topic, p]) for topic in LOG for p in range(self.stack.broker.partitions))

    def _unrest(self) -> str:
        stack = self.stack
        if busy := self.crowd.busy:
            return f"{busy} waits for an answer"
        for partition in range(stack.broker.partitions):
            if problem := self._moving(partition):
                return problem
        return ""

    def _moving(self, partition: int) -> str:
        """What a partition still waits for."""
        stack = self.stack
        commands = stack.broker.logs[MATCHES.commands, partition]
        outcomes = stack.broker.logs[MATCHES.outcomes, partition]
        read = collect.read(outcomes)
        if read.watermark != len(commands) - 1:
            return f"partition {partition} has {len(commands)} commands, outcomes up to {read.watermark}"
        if len(outcomes) <= stack.broker.ends.get(partition, -1):  # a cut log that readers wait for
            self._sentinel(partition)
            return f"partition {partition} is no longer than before it was cut"
        due = [match for match, deadline in read.deadlines.items() if deadline + 500 < self.world.wall_ms]
        if due:
            return f"the deadline of {due[0]} is slept through"
        if collect.session_next(stack, partition) != len(outcomes):
            return f"Redis does not follow partition {partition}"
        row = stack.postgres.progress.get(partition)
        if row is None or row["next_offset"] != len(outcomes):
            return f"PostgreSQL does not follow partition {partition}"
        return ""


class Stream(sse.Stream):
    """Hashed by number, so that streams are woken in the same order in every run."""

    def __init__(self, streams: sse.Streams, *arguments: Any) -> None:
        super().__init__(streams, *arguments)
        self._number = len(streams._live) + round(self.position.wrote * 1e6)

    def __hash__(self) -> int:
        return self._number


def noting(stack: Stack, judge: Any) -> Any:
    """The readers' rule, which also writes down what its process made of each record."""
    expected: dict[tuple[str, int], tuple[int, int]] = {}  # by reader and partition: stretch, next offset

    def noted(rule: Any, progress: Any, records: Iterable[Any]) -> Any:
        found = [*records]
        result = judge(rule, progress, found)
        process = PROCESS.get()
        if found and process is not None:
            name, partition, first = process.name, found[0].partition, found[0].offset
            stretch, following = expected.get((name, partition), (0, 0))
            stretch += following != first
            expected[name, partition] = stretch, found[-1].offset + 1
            counted = {record.offset for record in result.outcomes}
            where = f"{name} {stretch}"
            stack.readings += [Reading(name, where, partition, r.offset, r.offset in counted) for r in found]
        return result

    return noted


@cache
def _counts() -> list[str]:
    """Wherever a service knows how many partitions there are."""
    services = ("engine_worker.", "gateway_api.", "session_worker.", "history_sink.")
    modules = [name for name in sys.modules if name.startswith(services)]
    return sorted(f"{name}.PARTITIONS" for name in modules if hasattr(sys.modules[name], "PARTITIONS"))


@contextmanager
def _patched(stack: Stack) -> Iterator[None]:
    """The clients that services make by themselves, and the chance they draw, are the simulation's."""
    chance = stack.world.chance

    def producer(*_: Any, **__: Any) -> Any:
        process = PROCESS.get()
        assert process is not None
        return Producer(stack.broker, process, stack.sends)

    with ExitStack() as patches:
        for target, new in {
            "gateway_api.commands_log.make_producer": producer,
            "gateway_api.sse.respond": respond,
            "gateway_api.sse.Stream": Stream,
            **dict.fromkeys(_counts(), stack.broker.partitions),
            "engine_worker.worker.TIMER_SECONDS": TIMER_SECONDS,
            "infra.kafka.lanes.TOGETHER": TOGETHER[stack.world.seed % len(TOGETHER)],
            "engine_worker.checkpoint_write.LOOK_SECONDS": CHECKPOINT_SECONDS,
            "engine_worker.checkpoint.Capture": partial(Capture, chunk_bytes=CHUNK_BYTES),
            "session_worker.project.accept": noting(stack, accept),
            "history_sink.tabulate.accept": noting(stack, accept),
            "os.urandom": chance.randbytes,
            "random._urandom": chance.randbytes,
        }.items():
            patches.enter_context(patch(target, new))
        before = random.getstate()
        random.seed(stack.world.seed)
        try:
            yield
        finally:
            random.setstate(before)


class Result(NamedTuple):
    """What came of a run: `text` says what is wrong, '' nothing; `violated` are the invariants."""

    seed: int
    digest: str
    violated: list[str]
    text: str


def run(seed: int, bug: str = "", judged: bool = True) -> Result:
    """Run a seed, with a seeded bug or none, and judge it; not `judged`, it is run for its digest alone."""
    simulation = Simulation(seed)
    world = simulation.world
    try:
        with BUGS[bug].install(simulation.stack) if bug else nullcontext():
            simulation.run()
    except (Violation, Stuck) as error:
        return Result(seed, world.digest(), [str(error).split(":")[0][:24]], str(error))
    if problems := world.problems + ([] if bug else simulation.supervisor.died):
        return Result(seed, world.digest(), [problems[0].split(":")[0][:24]], "; ".join(problems))
    if not judged:
        return Result(seed, world.digest(), [], "")
    verdict = simulation.judge()
    return Result(seed, world.digest(), verdict.violated, "" if verdict.holds else verdict.text())


def quiet() -> None:
    """Nobody reads the services' logs here."""
    silent = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=silent, cache_logger_on_first_use=False)
