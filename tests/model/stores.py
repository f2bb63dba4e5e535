"""Redis and PostgreSQL as far as readers use them: a script with compare-and-set, transactions with a claim."""

from dataclasses import dataclass, field
from typing import NamedTuple

from history_sink.tabulate import START, EventRow, MatchRow, Place, Rows
from infra.kafka.progress import Progress
from session_worker.project import Result, Snapshot
from tests.model.rules import Rules


class Run(NamedTuple):
    """What one call of the script writes; `expected` and `saved` as in `session_worker.script`."""

    expected: bytes
    saved: bytes
    snapshots: list[Snapshot]
    results: list[Result]
    cuts: int  # how often the log had been cut when this was read


@dataclass
class Redis:
    """Snapshots and results with the time they expire at, and the partition's progress."""

    rules: Rules
    snapshots: dict[str, tuple[int, Snapshot]] = field(default_factory=dict)
    results: dict[str, tuple[int, Result]] = field(default_factory=dict)
    progress: bytes = b""
    cuts: int = 0

    def expire(self, now: int) -> None:
        self.snapshots = {key: held for key, held in self.snapshots.items() if held[0] > now}
        self.results = {key: held for key, held in self.results.items() if held[0] > now}

    def write(self, run: Run, now: int) -> bool:
        self.expire(now)
        if self.progress != run.expected:
            return False
        for snapshot in run.snapshots:
            held = self.snapshots.get(snapshot.match)
            if held is None or snapshot.version > held[1].version:
                expiry = snapshot.expires_at if self.rules.absolute_expiry else now + 24 * 3_600_000
                self.snapshots[snapshot.match] = expiry, snapshot
        for result in run.results:
            if not (result.repeated and result.command in self.results):
                self.results[result.command] = result.expires_at, result
        if run.saved:
            self.progress, self.cuts = run.saved, run.cuts
        self.expire(now)
        return True

    def erase(self, saved: bytes) -> bool:
        """A batch of keys goes, while the progress is as it must be."""
        if self.progress != saved and self.rules.guarded_erase:
            return False
        self.snapshots.clear()
        self.results.clear()
        return True

    def forget(self, saved: bytes) -> bool:
        """The progress goes too, last."""
        if self.progress == saved:
            self.progress = b""
        return False

    def flush(self) -> None:
        self.erase(self.progress)
        self.progress = b""


class Transaction(NamedTuple):
    """All that one poll writes: the progress row as it must be and becomes, and the rows."""

    read_from: int
    progress: Place
    events: list[EventRow]
    rows: Rows
    cuts: int


@dataclass
class Tables:
    """The rows of one partition. Nothing but the claim keeps a row from being there twice."""

    rules: Rules
    events: list[EventRow] = field(default_factory=list)
    matches: dict[str, MatchRow] = field(default_factory=dict)
    progress: Place | None = None
    cuts: int = 0

    def begin(self) -> None:
        if self.progress is None:
            self.progress = START

    def commit(self, work: Transaction) -> bool:
        if self.progress is None or (self.rules.claims and self.progress.next != work.read_from):
            return False
        before, self.progress, self.cuts = self.progress, work.progress, work.cuts
        self.events += work.events
        self.matches |= work.rows.matches
        if self.rules.two_values:
            self.progress = Progress(work.progress.next, before.cursor, before.crc)
        return True

    def commit_cursor(self, place: Place) -> bool:
        """The second half of progress, where it is two values."""
        if self.progress is not None:
            self.progress = Progress(self.progress.next, place.cursor, place.crc)
        return True

    def erase(self) -> bool:
        self.events.clear()
        self.matches.clear()
        self.progress = None
        return False
