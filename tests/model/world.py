"""What is outside of every process: the two logs, the network to them, the clock; and the truth about the log."""

import random
from dataclasses import dataclass, field

import orjson

from engine_worker.judge import State, fold
from schemas.codec import Headers, Record, decode_facts, mark
from schemas.log import START, Cursor, Fence, Ignored, OutcomeMark, read
from tests.engine_worker.partition import owner
from tests.engine_worker.runs import image
from tests.words import AT

FATES = ("answered", "unanswered", "doubled", "lost")


class Violation(AssertionError):
    """An invariant does not hold."""


@dataclass(frozen=True, slots=True)
class Line:
    """A record as it lies in a log; `timestamp` in Unix ms by the broker's clock."""

    offset: int
    key: bytes | None
    value: bytes
    headers: Headers
    timestamp: int


@dataclass(slots=True, eq=False)
class Request:
    """A batch on its way to the outcomes. base: where it landed, once its sender has been told."""

    records: list[Record]
    base: int | None = None
    gone: bool = False  # it will never be answered
    landed: bool = False  # at least once


@dataclass(slots=True)
class Truth:
    """The log as the rule reads it: the cursor after each offset, the outcomes that count, their fold."""

    cursors: list[Cursor] = field(default_factory=list)
    accepted: list[Line] = field(default_factory=list)
    state: State = field(default_factory=State)

    def take(self, line: Line) -> None:
        cursor = self.cursors[-1] if self.cursors else START
        seen = mark(line.headers)
        after = read(cursor, line.offset, seen)
        if not isinstance(after, Ignored) and isinstance(seen, OutcomeMark):
            self.accepted.append(line)
            key = None if line.key is None else line.key.decode("ascii", "replace")
            fold(self.state, key, seen.cause, decode_facts(line.value))
        self.cursors.append(cursor if isinstance(after, Ignored) else after)

    def at(self, following: int) -> Cursor:
        """The cursor of a reader that has read everything below `following`."""
        return self.cursors[following - 1] if following else START


class World:
    """One partition. Everything random is drawn from `chance`, so that a seed is a schedule."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.now = AT
        self.commands: list[Line] = []
        self.outcomes: list[Line] = []
        self.truth = Truth()
        self.expected: list[tuple[bytes | None, bytes]] = []  # of each command, judged in order by one process
        self.requests: list[Request] = []
        self.cuts = 0
        self._reference = owner()

    def roll(self, probability: float) -> bool:
        return self.chance.random() < probability

    def pass_time(self) -> None:
        self.now += self.chance.choice([1, 50, 50, 2_000, 31_000, 11 * 60_000, 61 * 60_000, 25 * 3_600_000])

    def command(self, record: Record, sharp: bool = False) -> None:
        """Append a command; unless `sharp`, the broker's clock may be a little or much behind."""
        stamped = self.now - (0 if sharp else self.chance.choice([0, 0, 0, 0, 3, 2_500, 7_200_000]))
        line = Line(len(self.commands), *record, stamped)
        self.commands.append(line)
        taken = self._reference.take(line.offset, line.timestamp, line.key, line.value, line.headers)
        assert taken is not None
        self.expected.append((taken.key, taken.value))

    def send(self, records: list[Record]) -> Request:
        request = Request(records)
        self.requests.append(request)
        return request

    def deliver(self, kindly: bool = False) -> None:
        """One request gets on: landed and answered, landed without an answer, lost, doubled; in any order."""
        if not self.requests:
            return
        request = self.requests[0] if kindly else self.chance.choice(self.requests)
        fate = "answered" if kindly else self.chance.choices(FATES, (72, 10, 10, 8))[0]
        if fate != "lost":
            base = self.land(request)
            if fate == "answered" and request.base is None:
                request.base = base
        if fate != "doubled":
            request.gone = fate != "answered"
            self.requests.remove(request)

    def land(self, request: Request) -> int:
        base, request.landed = len(self.outcomes), True
        for record in request.records:
            line = Line(len(self.outcomes), *record, self.now)
            self.outcomes.append(line)
            self._count(line)
        return base

    def _count(self, line: Line) -> None:
        before = len(self.truth.accepted)
        self.truth.take(line)
        if len(self.truth.accepted) > before:
            self.check_outcome(before, line)

    def check_outcome(self, number: int, line: Line) -> None:
        """The n-th accepted outcome is that of the n-th command, byte for byte."""
        seen = mark(line.headers)
        if not isinstance(seen, OutcomeMark) or seen.cause != number:
            raise Violation(f"outcome {number} is that of command {getattr(seen, 'cause', None)}")
        if (line.key, line.value) != self.expected[number]:
            raise Violation(f"outcome {number} differs: {line.value!r} instead of {self.expected[number][1]!r}")

    def cut(self) -> None:
        """The broker loses the log's tail, which the design rules out, and which readers have to notice.

        Its connections break. Only a first batch of the owner may still land, where the tail was: outcomes are
        deterministic, so a stale owner's could lie there byte for byte as what was lost, and be taken for it.
        """
        keep = self.chance.randrange(max(0, len(self.outcomes) - 12), len(self.outcomes) + 1)
        del self.outcomes[keep:]
        self.cuts += 1
        self.truth = Truth()
        for line in self.outcomes:
            self.truth.take(line)
        fence = self.truth.at(keep).fence
        self.requests = [r for r in self.requests if not r.landed and fence and _writer(r) == fence][:1]

    def check_memory(self, state: State, cursor: Cursor, landing: int) -> None:
        """What an owner holds, all of it acknowledged up to the log's end, is the fold of the log."""
        if landing != len(self.outcomes):
            return
        if cursor != self.truth.at(landing):
            raise Violation(f"an owner believes {cursor}, the log says {self.truth.at(landing)}")
        if image(state) != image(self.truth.state):
            raise Violation("an owner's memory is not the fold of the log")

    def check_end(self) -> None:
        """Every command has exactly one accepted outcome, in order."""
        if len(self.truth.accepted) != len(self.commands):
            raise Violation(f"{len(self.commands)} commands, {len(self.truth.accepted)} outcomes")

    def newest(self) -> dict[str, dict[str, object]]:
        """The last outcome with a view of each match, read naively."""
        found: dict[str, dict[str, object]] = {}
        for line in self.truth.accepted:
            document = orjson.loads(line.value)
            if document["public"] is not None:
                found[(line.key or b"").decode()] = document
        return found


def _writer(request: Request) -> Fence | None:
    """The owner whose outcomes these are."""
    seen = mark(request.records[0].headers)
    return seen.fence if isinstance(seen, OutcomeMark) else None
