"""The fold of a whole partition before anything of it is written: an emptied Redis gets only the newest; pure."""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from schemas import keys
from session_worker.project import Hint, Projected, Result, Snapshot, keep

CHUNK = 500
HINT_AGE_MS = 60_000  # nobody waits longer for a command
# A snapshot lives at most 25 h after its outcome (24 h to move, 1 h of grace), a result 24 h; the rest is slack
# for clocks that differ.
HORIZON_MS = 48 * 3600 * 1000
FIRST_PRUNING = 10_000


class Chunk(NamedTuple):
    """A part of what a rebuild writes."""

    snapshots: list[Snapshot]
    results: list[Result]
    hints: list[Hint]


class Rebuild:
    """Newest snapshot of each match, results of the last 24 h, hints of the last minute, of what was added."""

    def __init__(self, end: int, horizon: int = 0) -> None:
        """`end`: the offset at which it is complete.  `horizon`: see `project`."""
        self.end, self.horizon = end, horizon
        self._snapshots: dict[str, Snapshot] = {}
        self._results: dict[str, Result] = {}
        self._hints: list[Hint] = []
        self._newest = 0
        self._prune_at = FIRST_PRUNING

    def add(self, projected: Projected) -> None:
        """Take in the next run of records."""
        self._snapshots.update(projected.snapshots)
        for result in projected.results.values():
            keep(self._results, result)
        self._hints += [hint.without_view() for hint in projected.hints]
        self._newest = max([self._newest, *projected.times])
        if len(self._snapshots) + len(self._results) + len(self._hints) > self._prune_at:
            self.prune(self._newest)
            self._prune_at = 2 * (len(self._snapshots) + len(self._results) + len(self._hints)) + FIRST_PRUNING

    def prune(self, now: int) -> None:
        """Forget what has expired at `now`, Unix ms; the log's own time is never ahead of it."""
        self._snapshots = {k: s for k, s in self._snapshots.items() if s.expires_at > now}
        self._results = {k: r for k, r in self._results.items() if r.expires_at > now}
        self._hints = [hint for hint in self._hints if hint.at > now - HINT_AGE_MS]

    def chunks(self, now: int) -> Iterator[Chunk]:
        """All that is alive at `now`, in parts that are each one short script call."""
        self.prune(now)
        snapshots, results = iter(self._snapshots.values()), iter(self._results.values())
        while part := list(islice(snapshots, CHUNK)):
            yield Chunk(part, [], [])
        while found := list(islice(results, CHUNK)):
            yield Chunk([], found, [])
        yield Chunk([], [], self._hints)


def horizon(now: int) -> int:
    """Outcomes appended before this leave nothing in Redis."""
    return now - max(HORIZON_MS, keys.COMMAND_TTL_MS, keys.MATCH_TTL_MS)
