"""One partition of a follower: what is known about it, and which of its records may be handed on; pure."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar

WINDOW = 64  # records that are looked at before a saved position; widened while they do not suffice
WIDEN = 8
TOGETHER = 20_000  # records: partitions that are no longer in sum are built together
NEARLY = 5_000  # records left: time to begin with the next one, whose first fetch takes a while
LOSS_SECONDS = 2.0  # that a store was emptied is noticed by one partition after the other
LONGEST = 100_000  # a longer search costs more memory than building the state again costs time


class State(Protocol):
    """What a projection knows about a partition.

    next: the offset that it has to be given next.  ready: false while the store does not yet show all that
    was read.
    """

    @property
    def next(self) -> int: ...
    @property
    def ready(self) -> bool: ...


P = TypeVar("P", bound=State)
Confirm = Callable[[P, Sequence[Any]], bool | None]


class Refused(Exception):
    """The log does not have what its reader needs; going on would lose records, so it waits for an operator."""


class Stage(Enum):
    WAITING = "waiting"  # paused: its saved state is still to be read
    CHECKING = "checking"  # the records before the saved position are compared with what was saved
    VOID = "void"  # they differ: what was stored is to be thrown away
    FLOWING = "flowing"


class Lane(Generic[P]):
    """A partition from its assignment to its loss. A lane that was lost is never used again."""

    def __init__(self, partition: int) -> None:
        self.partition = partition
        self.stage = Stage.WAITING
        self.state: P | None = None
        self.problem = ""
        self.poison = ""
        self.handled_at = 0  # timestamp of the last record handled, Unix ms; until then of the first one read
        self.not_before = 0.0  # monotonic seconds
        self.queued = False  # it waits for its turn to be built from the log's first record
        self.bounds: tuple[int, int] | None = None  # of the log, as they were when it was queued
        self.lost_at = self.built_at = 0.0  # monotonic seconds, when the store last lost it and showed it again
        self._begin = self._sought = self._goal = 0
        self._window: list[Any] = []

    @property
    def settled(self) -> bool:
        """Whether the store shows all that was read of it."""
        return self.stage is Stage.FLOWING and self.state is not None and self.state.ready

    @property
    def stranded(self) -> bool:
        """Whether all was read and nothing will show it, because somebody else wrote meanwhile."""
        state = self.state
        return self.stage is Stage.FLOWING and state is not None and not state.ready and state.next >= self._goal

    @property
    def left(self) -> int:
        """How many records are still to be read until the store shows anything of it."""
        if self.stage is not Stage.FLOWING or self.state is None or self.state.ready:
            return 0
        return max(1, self._goal - self.state.next)

    def resume(self, state: P, begin: int, end: int) -> int:
        """Take up the saved state; returns the offset to seek. Raises Refused where the log does not reach it."""
        self._refuse_hole(state.next, begin, end)
        self.state, self.problem, self._begin, self._window = state, "", begin, []
        self.stage = Stage.CHECKING if state.next else Stage.FLOWING
        self._sought = max(begin, state.next - WINDOW)
        return self._sought

    def start(self, state: P, goal: int = 0) -> int:
        """Take up a state that starts the log from its first record and is complete at `goal`; returns the offset
        to seek."""
        self.state, self.stage, self.problem, self._goal = state, Stage.FLOWING, "", goal
        return state.next

    def wait(self, now: float, seconds: float = 0.0, problem: str = "") -> None:
        """Stop, and read the saved state again, not before `seconds` from `now` on."""
        if self.settled:
            self.lost_at = now
        self.stage, self.not_before, self.problem, self._window = Stage.WAITING, now + seconds, problem, []
        self.queued, self.bounds = False, None

    def queue(self, bounds: tuple[int, int]) -> None:
        """Wait for the turn to be built; what the log held when it was asked will do then."""
        self.queued, self.bounds = True, bounds

    def done(self, state: P, timestamp: int, now: float) -> None:
        """A batch was handled; its last record bore `timestamp`, Unix ms."""
        unbuilt = not self.settled
        self.state, self.handled_at, self.poison = state, timestamp, ""
        if unbuilt and self.settled:
            self.built_at = now

    def take(self, records: Sequence[Any], confirm: Confirm[P]) -> tuple[Sequence[Any], int | None]:
        """The records to hand on, and where the consumer has to seek, if it has to."""
        if self.state is None or self.stage in (Stage.WAITING, Stage.VOID):
            return (), None
        if self.stage is Stage.CHECKING:
            return self._check(records, self.state, confirm)
        if records and records[0].offset != self.state.next:
            return (), self.state.next
        return records, None

    def _check(self, records: Sequence[Any], state: P, confirm: Confirm[P]) -> tuple[Sequence[Any], int | None]:
        if records and records[0].offset != (self._window[-1].offset + 1 if self._window else self._sought):
            self._window = []  # from elsewhere than was asked for: ask again
            return (), self._sought
        self._window += [record for record in records if record.offset < state.next]
        if not self._window or self._window[-1].offset < state.next - 1:
            return (), None
        verdict = confirm(state, self._window)
        first, width = self._window[0].offset, len(self._window)
        self._window = []
        if verdict is None and first > self._begin and width < LONGEST:
            self._sought = max(self._begin, first - width * (WIDEN - 1))
            return (), self._sought
        if not verdict:
            self.stage = Stage.VOID
            return (), None
        self.stage = Stage.FLOWING
        return [record for record in records if record.offset >= state.next], None

    def _refuse_hole(self, following: int, begin: int, end: int) -> None:
        if following > end:
            raise Refused(f"partition {self.partition} ends at {end}, before the stored position {following}")
        if following < begin:
            raise Refused(f"partition {self.partition} starts at {begin}, above the stored position {following}")


def refuse_headless(partition: int, begin: int) -> None:
    """Reading from the beginning means from offset 0; a log that starts above it was cut."""
    if begin > 0:
        raise Refused(f"partition {partition} starts at {begin} instead of 0, and no position is stored")


def may_start(lanes: Iterable[Lane[Any]], records: int) -> bool:
    """Whether a partition of so many records may be built now. Long ones take turns: each is there as soon as it
    can be, and whoever dies meanwhile has lost one of them and not all."""
    left = sum(lane.left for lane in lanes)
    return left <= NEARLY or left + records <= TOGETHER


def in_turn(lanes: Iterable[Lane[P]]) -> list[Lane[P]]:
    """Who has been without its store for longest is built first; of those that lost it together whoever was built
    last, so that a store that is emptied again and again is not always without the same ones."""
    return sorted(lanes, key=lambda lane: (lane.lost_at // LOSS_SECONDS, -lane.built_at))


def next_turn(lanes: Collection[Lane[Any]]) -> None:
    """Those that wait for their turn may ask again when little is left of what is being built."""
    if sum(lane.left for lane in lanes) <= NEARLY:
        for lane in lanes:
            lane.queued = False


def halves(batches: Mapping[int, Sequence[Any]]) -> list[dict[int, Sequence[Any]]]:
    """A batch in two parts to be handled one after the other; a single record is not divided."""
    if len(batches) > 1:
        items = list(batches.items())
        return [dict(items[: len(items) // 2]), dict(items[len(items) // 2 :])]
    ((partition, records),) = batches.items()
    middle = len(records) // 2
    return [{partition: records[:middle]}, {partition: records[middle:]}]
