"""What a run leaves behind, as the checker reads it: plain values, whoever collected them; all of it optional.

A simulator fills it from its fakes, a fault suite from the real stores. What was not collected stays None, and an
invariant that needs it then says so. `at` in seconds is a monotonic clock that all observers of a run share; `ms`
is Unix time in milliseconds on the clock of whoever stamped it (broker, Redis, PostgreSQL).
"""

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class ClientEvent:
    """One line of a client's history: a call begins (`invoke`) and ends at most once, under the same `call`.

    ok: the answer says what became of it (2xx, or a problem that words a rejection by the rules).
    fail: surely nothing reached the log (401, 429, 422 of a malformed body).
    info: nobody knows (a time-out, a cut connection, a 503 once anything may have been sent).

    command: the command's id; where it is None and `key` and `path` are not, the checker computes it.
    sent: the request's JSON body.  status: HTTP's.  code: the problem's.  version: of the view or of the result.
    answer: the response's JSON body.
    """

    kind: Literal["invoke", "ok", "fail", "info"]
    action: Literal["command", "view", "status"]
    call: str
    client: str
    at: float
    player: str | None = None
    match: str | None = None
    key: str | None = None
    path: str | None = None
    command: str | None = None
    sent: Any = None
    status: int | None = None
    code: str | None = None
    version: int | None = None
    answer: Any = None


@dataclass(frozen=True, slots=True)
class Record:
    """One record of either topic as it lies there; `timestamp` is the broker's, in ms."""

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """How far somebody has read a partition of outcomes, as saved: the next offset, F, L and a CRC-32.

    crc: of key and value of the last accepted outcome (0: none yet); None where none was saved.
    """

    partition: int
    next: int
    fence_offset: int | None
    fence_id: str | None
    watermark: int
    crc: int | None = None


@dataclass(frozen=True, slots=True)
class RedisMatch:
    """A match's hash (`version status public private:{seat}`); `expires` in ms, None: never, -1: not looked at."""

    match: str
    fields: dict[str, bytes]
    expires: int | None = -1


@dataclass(frozen=True, slots=True)
class RedisResult:
    """What became of a command, as stored; `expires` as above."""

    command: str
    body: bytes
    expires: int | None = -1


@dataclass(frozen=True, slots=True)
class RedisWrite:
    """A match's version as it stood in Redis at a moment, in the order of those moments."""

    at: float
    match: str
    version: int


@dataclass(frozen=True, slots=True)
class EventRow:
    """history.events; `ms` is the column `at`, `body` the decoded JSON."""

    match: str
    version: int
    ordinal: int
    ms: int
    type: str
    body: Any
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class MatchRow:
    """history.matches; times in ms."""

    match: str
    game: str
    status: str
    version: int
    winner: int | None
    ended_by: str | None
    score: list[int]
    options: Any
    view: Any
    created_ms: int
    ended_ms: int | None
    updated_ms: int
    partition: int


@dataclass(frozen=True, slots=True)
class SeatRow:
    """history.seats."""

    match: str
    seat: int
    player: str


@dataclass(frozen=True, slots=True)
class ResultRow:
    """history.results."""

    match: str
    version: int
    winner: int | None
    score: list[int]
    ended_by: str
    ended_ms: int


@dataclass(frozen=True, slots=True)
class Frame:
    """One event of a stream as it came: `data` undecoded."""

    at: float
    event: str
    id: int | None
    data: str


@dataclass(frozen=True, slots=True)
class Connection:
    """One stream from its request to its end.

    ended: open (still, when the evidence was collected), end (the server said that nothing will come any more),
    cut (in any other way).
    """

    connection: str
    player: str | None
    match: str
    opened: float
    ended: Literal["open", "end", "cut"]
    last_event_id: int | None = None
    frames: tuple[Frame, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A reader's verdict on one record of outcomes; a fence is never accepted, it is no outcome.

    reader: engine-1, session-2, ...; stretch: changes whenever it seeks (start, assignment, rebuild).
    checksum: CRC-32 of key and value, where it was noted.
    """

    reader: str
    stretch: str
    partition: int
    offset: int
    accepted: bool
    checksum: int | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """A produced record whose place the broker acknowledged. `id` is its ce_id."""

    producer: str
    topic: Literal["commands", "outcomes"]
    partition: int
    offset: int
    id: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What was done to the system; `until` is None for what heals by itself or is over at once."""

    at: float
    what: str
    target: str
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Watermark:
    """Where a partition begins and ends: log start, last stable offset, high watermark."""

    topic: str
    partition: int
    start: int
    lso: int
    hw: int


@dataclass(frozen=True, slots=True)
class Sentinel:
    """A command sent to a partition after the healing: when it was sent, and read back accepted (None: never)."""

    partition: int
    command: str
    sent: float
    seen: float | None
    bound: float


@dataclass(frozen=True, slots=True)
class Recovery:
    """How soon things went on after a fault, in seconds; `took` None: not at all. what: whose pause it is."""

    what: str
    took: float | None
    bound: float


@dataclass(frozen=True, slots=True)
class Resources:
    """A survivor after a number of cycles: bytes of memory, open descriptors, Redis subscriptions."""

    process: str
    cycle: int
    memory: int
    descriptors: int
    subscriptions: int | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What holds for the whole run.

    partitions: of each topic; None where keys are not placed by hash.  rest: nothing moved any more when the logs
    and stores were read, so they must be equal and not just not ahead.  redis_ms: Redis's own
    time when it was read.  label: seed, fault row, commit.
    """

    partitions: int | None = None
    rest: bool = True
    redis_ms: int | None = None
    label: str = ""


@dataclass
class Evidence:
    """Everything that is known of one run; None is what nobody collected, an empty list what was found empty."""

    circumstances: Circumstances = field(default_factory=Circumstances)
    history: list[ClientEvent] | None = None
    commands: list[Record] | None = None
    outcomes: list[Record] | None = None
    uncommitted: list[Record] | None = None  # outcomes read at read_uncommitted, where the two can differ
    checkpoints: list[Place] | None = None
    redis_matches: list[RedisMatch] | None = None
    redis_results: list[RedisResult] | None = None
    redis_progress: list[Place] | None = None
    redis_writes: list[RedisWrite] | None = None
    events: list[EventRow] | None = None
    matches: list[MatchRow] | None = None
    seats: list[SeatRow] | None = None
    results: list[ResultRow] | None = None
    postgres_progress: list[Place] | None = None
    connections: list[Connection] | None = None
    readings: list[Reading] | None = None
    sends: list[Send] | None = None
    faults: list[Fault] | None = None
    watermarks: list[Watermark] | None = None
    sentinels: list[Sentinel] | None = None
    recoveries: list[Recovery] | None = None
    resources: list[Resources] | None = None
