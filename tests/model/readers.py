"""Session workers and history sinks as processes, over the real lanes, projections and progress."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from history_sink import tabulate
from infra.kafka.lanes import Lane, Refused, Stage
from schemas.log import Cursor
from schemas.progress import encode_unfinished
from session_worker import project
from session_worker.rebuild import Rebuild
from tests.model.rules import Rules
from tests.model.stores import Redis, Run, Tables, Transaction
from tests.model.world import Line, Violation, World


class Standing(NamedTuple):
    """A partition as a reader knows it."""

    progress: Any
    ready: bool = True

    @property
    def next(self) -> int:
        return int(self.progress.next)


class Reader:
    """What both have in common: take up the stored progress, read, write, one thing a step.

    A stall between two steps is simply that nobody calls `step`; what was read is then written late.
    """

    def __init__(self, world: World, rules: Rules) -> None:
        self.world, self.rules = world, rules
        self.lane: Lane[Standing] | None = None
        self.position = 0
        self.writes: list[Callable[[], bool]] = []

    def step(self, kindly: bool = False) -> None:
        if not kindly and self.world.roll(0.06):
            self.crash()
        elif self.writes:
            self._write(kindly)
        elif self.lane is None or self.missing:
            self.take_up(kindly)
        else:
            self._poll(self.lane)

    def crash(self) -> None:
        """Drop everything, also what was read and not yet written."""
        self.lane, self.writes = None, []

    def disconnect(self) -> None:
        """The broker has failed: the stored progress is compared again. What is being written goes on."""
        self.lane = None

    @property
    def settled(self) -> bool:
        lane = self.lane
        flowing = lane is not None and lane.stage is Stage.FLOWING and lane.state is not None
        at_rest = flowing and not self.writes and self.position == len(self.world.outcomes)
        return at_rest and not self.missing

    def _write(self, kindly: bool) -> None:
        done = self.writes.pop(0)()
        if not done or (not kindly and self.world.roll(0.05)):  # lost, or nobody knows: the store tells
            self.crash()

    def resume(self, state: Standing, kindly: bool) -> None:
        lane: Lane[Standing] = Lane(0)
        try:
            self.position = lane.resume(state, 0, len(self.world.outcomes))
            self.lane = lane
        except Refused:  # the log was cut below it: once no more comes, an operator has the state thrown away
            if kindly:
                self.void(state)

    def start(self, state: Standing) -> None:
        self.lane = Lane(0)
        self.position = self.lane.start(state)

    def _poll(self, lane: Lane[Standing]) -> None:
        count = self.world.chance.choice([1, 2, 3, 5, 8, 80])
        records = self.world.outcomes[self.position : self.position + count]
        self.position += len(records)
        rest, seek = lane.take(records, self._confirm)
        if seek is not None:
            self.position = seek
        if lane.stage is Stage.VOID and lane.state is not None:
            self.lane = None
            self.void(lane.state)
        elif rest and lane.state is not None:
            self.read(lane, lane.state, rest)

    def _confirm(self, state: Standing, window: Sequence[Line]) -> bool | None:
        verdict = self.compare(state, window) if self.rules.compares else True
        if verdict:
            self.check(state.next, state.progress.cursor)
        elif verdict is False and self.stored_cuts == self.world.cuts:
            raise Violation("a reader throws its state away though the log is the one it has read")
        return verdict

    def check(self, following: int, cursor: Cursor) -> None:
        """All readers agree on what counts."""
        if cursor != self.world.truth.at(following):
            name = type(self).__name__
            raise Violation(f"{name} at {following} believes {cursor}, not {self.world.truth.at(following)}")

    stored_cuts = 0

    @property
    def missing(self) -> bool:
        """What is looked at once a second: the store was emptied."""
        raise NotImplementedError

    def take_up(self, kindly: bool) -> None:
        raise NotImplementedError

    def compare(self, state: Standing, window: Sequence[Line]) -> bool | None:
        raise NotImplementedError

    def void(self, state: Standing) -> None:
        raise NotImplementedError

    def read(self, lane: Lane[Standing], state: Standing, records: Sequence[Line]) -> None:
        raise NotImplementedError


class Session(Reader):
    """Outcomes to Redis; rebuilds where there is no progress."""

    def __init__(self, world: World, rules: Rules, redis: Redis) -> None:
        super().__init__(world, rules)
        self.redis = redis
        self.saved = b""
        self.rebuild: Rebuild | None = None

    @property
    def missing(self) -> bool:
        return self.rebuild is None and project.load(self.redis.progress) is None

    def take_up(self, kindly: bool) -> None:
        self.saved, self.stored_cuts, self.rebuild = self.redis.progress, self.redis.cuts, None
        if (place := project.load(self.saved)) is not None:
            self.resume(Standing(place), kindly)
            return
        chance, marks = self.world.chance, self.rules.marks_rebuilds
        marker = encode_unfinished(f"{chance.getrandbits(64):x}") if marks else b""
        self.rebuild = Rebuild(len(self.world.outcomes), self.world.now, marker)
        self.start(Standing(project.START))
        if self.rebuild.end == 0:
            self._finish(self.rebuild, project.START)

    def compare(self, state: Standing, window: Sequence[Line]) -> bool | None:
        return project.confirm(state.progress, window)

    def void(self, state: Standing) -> None:
        saved = self.saved
        self.writes = [lambda: self.redis.erase(saved), lambda: self.redis.forget(saved)]

    def read(self, lane: Lane[Standing], state: Standing, records: Sequence[Line]) -> None:
        if self.rebuild is not None:
            self._fold(self.rebuild, lane, state, records)
            return
        projected = project.project(state.progress, records)
        self.check(projected.progress.next, projected.progress.cursor)
        lane.done(Standing(projected.progress), 0, 0.0)
        before, self.saved = self.saved, project.dump(projected.progress)
        snapshots, results = [*projected.snapshots.values()], [*projected.results.values()]
        self._plan(Run(before, self.saved, snapshots, results, self.world.cuts))

    def _fold(self, rebuild: Rebuild, lane: Lane[Standing], state: Standing, records: Sequence[Line]) -> None:
        accepted = project.read_on(state.progress, records)
        self.check(accepted.progress.next, accepted.progress.cursor)
        lane.done(Standing(accepted.progress), 0, 0.0)
        if results := rebuild.add(accepted.outcomes):
            self._put(rebuild.marker, results=results)
        if accepted.progress.next >= rebuild.end:
            self._finish(rebuild, accepted.progress)

    def _finish(self, rebuild: Rebuild, place: project.Place) -> None:
        for snapshots in rebuild.snapshots(self.world.now):
            self._put(rebuild.marker, snapshots=snapshots)
        self._put(project.dump(place))
        self.rebuild = None

    def _put(
        self, saved: bytes, snapshots: Sequence[project.Snapshot] = (), results: Sequence[project.Result] = ()
    ) -> None:
        self._plan(Run(self.saved, saved, [*snapshots], [*results], self.world.cuts))
        self.saved = saved or self.saved

    def _plan(self, run: Run) -> None:
        self.writes.append(lambda: self.redis.write(run, self.world.now))


class Sink(Reader):
    """Outcomes to PostgreSQL, one transaction for each poll."""

    def __init__(self, world: World, rules: Rules, tables: Tables) -> None:
        super().__init__(world, rules)
        self.tables = tables

    @property
    def missing(self) -> bool:
        return self.tables.progress is None

    def take_up(self, kindly: bool) -> None:
        place, self.stored_cuts = self.tables.progress, self.tables.cuts
        if place is None:
            self.tables.begin()
            self.start(Standing(tabulate.START))
        else:
            self.resume(Standing(place), kindly)

    def compare(self, state: Standing, window: Sequence[Line]) -> bool | None:
        return tabulate.confirm(state.progress, window)

    def void(self, state: Standing) -> None:
        self.writes = [self.tables.erase]

    def read(self, lane: Lane[Standing], state: Standing, records: Sequence[Line]) -> None:
        accepted = tabulate.read(state.progress, records)
        self.check(accepted.progress.next, accepted.progress.cursor)
        lane.done(Standing(accepted.progress), 0, 0.0)
        rows = tabulate.Rows()
        events = [*tabulate.tabulate(rows, 0, accepted.outcomes)]
        work = Transaction(state.next, accepted.progress, events, rows, self.world.cuts)
        self.writes = [lambda: self.tables.commit(work)]
        if self.rules.two_values:
            self.writes.append(lambda: self.tables.commit_cursor(work.progress))
