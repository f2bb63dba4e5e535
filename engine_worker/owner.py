"""One partition in one owner's hands: which command is next, what its outcome is, where it must land. Pure."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

from engine_worker.judge import State, fold, judge
from engine_worker.timers import Timers
from schemas.codec import Headers, encode_outcome, fence_name, outcome_headers
from schemas.command import Read, Unreadable, decode_command, trace_of
from schemas.log import Cursor, Fence
from schemas.match import TimeElapsed
from schemas.outcome import Outcome, without_events
from schemas.rejections import Code
from schemas.topics import OUTCOME_LIMIT
from schemas.word import Millis

_new = tuple.__new__  # a NamedTuple's own constructor costs half as much again
TOO_EARLY = Code.TOO_EARLY.value
AT_ONCE = 32  # commands; of 8 to 256 the fastest, with 64
MISPLACED = frozenset({Code.WRONG_KEY.value, Code.TOO_LARGE.value})


class LostOwnership(Exception):
    """This owner's memory may differ from the log: drop it, and take the partition over again."""


class Gap(LostOwnership):
    """A command was skipped: what came is above watermark + 1."""


class Displaced(LostOwnership):
    """A batch landed elsewhere than it had to: somebody else wrote, or batches landed out of order."""


class Line(Protocol):
    """A record of the commands topic as its consumer hands it on.

    `infra.kafka.progress.Record` says the same for readers; what judges imports nothing of infra, nor infra words.
    """

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> Millis: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...


class Taken(NamedTuple):
    """The outcome record of one command; `letter` is why the command's record goes to the dead letters too."""

    key: bytes | None
    value: bytes
    headers: list[tuple[str, bytes]]
    rejection: str | None
    letter: str | None


class Headless(NamedTuple):
    """An outcome that still needs its headers; `at` is its effective time, `after` the watermark before."""

    value: bytes
    at: Millis
    after: int
    rejection: str | None
    letter: str | None


class Owner:
    """The state behind one fence.

    watermark: offset of the last command that was judged; only watermark + 1 is taken next.
    landing: the offset at which the next outcome must land, since nobody else may write behind the fence.
    """

    def __init__(
        self, partition: int, fence: Fence, state: State, watermark: int, at_home: Callable[[str], bool]
    ) -> None:
        self.partition = partition
        self.fence = fence
        self.state = state
        self.watermark = watermark
        self.landing = fence.offset + 1
        self.timers = Timers()
        self._name = fence_name(fence)
        self._at_home = at_home
        for match, entry in state.matches.items():
            if entry.table.deadline is not None:
                self.timers.arm(match, entry.table.deadline)

    @property
    def cursor(self) -> Cursor:
        """Where a reader stands who has read everything this owner had acknowledged."""
        return Cursor(self.fence, self.watermark)

    def take(
        self, offset: int, timestamp: Millis, key: bytes | None, value: bytes | None, headers: Headers
    ) -> Taken | None:
        """Judge the command at `offset`; None when it already has its outcome. Raises Gap.

        The memory is then ahead of the log until `landed` says that the outcome is where it must be.
        """
        judged = self._judge(offset, timestamp, decode_command(key, value, headers))
        return None if judged is None else self._record(offset, key, trace_of(headers), judged)

    def take_all(self, records: Sequence[Line]) -> Iterator[list[Taken | None]]:
        """`take` for each, AT_ONCE in three passes: code that runs again at once is still in the core's cache."""
        for first in range(0, len(records), AT_ONCE):
            lines = records[first : first + AT_ONCE]
            reads = [decode_command(one.key, one.value, one.headers) for one in lines]
            found = [self._judge(one.offset, one.timestamp, read) for one, read in zip(lines, reads, strict=True)]
            yield [
                None if judged is None else self._record(one.offset, one.key, trace_of(one.headers), judged)
                for one, judged in zip(lines, found, strict=True)
            ]

    def _judge(self, offset: int, timestamp: Millis, read: Read) -> Headless | None:
        if offset <= self.watermark:
            return None
        if offset != self.watermark + 1:
            raise Gap(f"partition {self.partition}: command {offset} came after {self.watermark}")
        outcome, table = judge(self.state, timestamp, read, self._at_home)
        encoded = encode_outcome(outcome)
        if len(encoded) > OUTCOME_LIMIT:
            outcome, table = _too_large(outcome), None
            encoded = encode_outcome(outcome)
        fold(self.state, read.key, offset, outcome, table)
        after, self.watermark = self.watermark, offset
        if outcome["deadline"] is not None and read.key is not None:
            self.timers.arm(read.key, outcome["deadline"])
        rejection = letter = outcome["rejection"]
        if rejection is not None and not isinstance(read, Unreadable):
            if rejection == TOO_EARLY and isinstance(read.word, TimeElapsed):
                self.timers.put_off(read.key, read.word.deadline - outcome["at"])
            if rejection not in MISPLACED:
                letter = None
        return _new(Headless, (encoded, outcome["at"], after, rejection, letter))

    def _record(self, offset: int, key: bytes | None, trace: bytes | None, judged: Headless) -> Taken:
        value, at, after, rejection, letter = judged
        headers = outcome_headers(self._name, self.partition, offset, after, at, trace)
        return _new(Taken, (key, value, headers, rejection, letter))

    def landed(self, base_offset: int, count: int) -> None:
        """An acknowledged batch began at `base_offset`. Raises Displaced where it should have been elsewhere."""
        if base_offset != self.landing:
            raise Displaced(
                f"partition {self.partition}: outcomes landed at {base_offset} instead of {self.landing}"
            )
        self.landing += count

    def due(self, now: Millis) -> list[tuple[str, Millis]]:
        """Matches whose deadline has passed by this worker's clock; the broker's clock decides."""
        return self.timers.due(now, self._deadline_of)

    def _deadline_of(self, match: str) -> Millis | None:
        entry = self.state.matches.get(match)
        return None if entry is None else entry.table.deadline


def _too_large(outcome: Outcome) -> Outcome:
    """A refused produce would be repeated for ever, so the command is rejected instead."""
    version = outcome["version"] - (1 if outcome["events"] else 0)
    return without_events(
        outcome["command_id"],
        outcome["player"],
        outcome["at"],
        version,
        Code.TOO_LARGE.value,
        digest=outcome["digest"],
    )
