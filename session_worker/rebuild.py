"""The fold of a partition for an emptied Redis: results as they come, of each match only the newest; pure."""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

from infra.kafka.progress import Record
from schemas import keys
from schemas.codec import decode_outcome
from session_worker.project import (
    Hint,
    Result,
    Snapshot,
    has_hint,
    has_result,
    hint_of,
    keep,
    match_of,
    result_of,
    snapshot_of,
)

CHUNK = 500
HINT_AGE_MS = 60_000  # nobody waits longer for a command
MOST_HINTS = 2000  # of a partition; whoever waits for an older one learns it from the view
# A snapshot lives at most 25 h after its outcome (24 h to move, 1 h of grace), a result 24 h; the rest is slack
# for clocks that differ.
HORIZON_MS = max(48 * 3600 * 1000, keys.COMMAND_TTL_MS, keys.MATCH_TTL_MS)


class Rebuild:
    """Results of the last 24 h are handed on as they are read, since there is one for each command; of a match the
    newest outcome is kept as it lay in the log, and becomes a snapshot at the end; of hints the newest of the last
    minute.

    end: the offset at which it is complete.  now: Unix ms at its beginning.  marker: what stands in the place of
    progress until its end, so that its writer notices a store that is emptied meanwhile, or a rival.
    """

    def __init__(self, end: int, now: int, marker: bytes = b"") -> None:
        self.end, self.marker, self._now = end, marker, now
        self._shown: dict[str, bytes] = {}
        # As they lay in the log: what is cut out of records keeps more memory from being used again than it takes.
        self._hinted: deque[tuple[str, bytes]] = deque(maxlen=MOST_HINTS)

    def add(self, outcomes: Iterable[Record]) -> list[Result]:
        """Take in the next outcomes that count; the results to write now."""
        results: dict[str, Result] = {}
        for record in outcomes:
            if record.timestamp < self._now - HORIZON_MS or record.value is None:
                continue
            outcome, match = decode_outcome(record.value), match_of(record.key)
            if match is not None and outcome["public"] is not None:
                self._shown[match] = record.value
            if has_result(outcome) and outcome["at"] > self._now - keys.COMMAND_TTL_MS:
                keep(results, result_of(record, match, outcome))
            if match is not None and has_hint(outcome) and outcome["at"] > self._now - HINT_AGE_MS:
                self._hinted.append((match, record.value))
        return [*results.values()]

    def snapshots(self, now: int) -> Iterator[list[Snapshot]]:
        """All that are alive at `now`, in parts that are each one short script call."""
        found = (snapshot_of(match, decode_outcome(value)) for match, value in self._shown.items())
        alive = (snapshot for snapshot in found if snapshot.expires_at > now)
        while part := list(islice(alive, CHUNK)):
            yield part

    def hints(self, now: int) -> list[list[Hint]]:
        """The newest ones of the last minute, in such parts as well; one part at least."""
        found = [hint_of(match, decode_outcome(value), None) for match, value in self._hinted]
        alive = [hint for hint in found if hint.at > now - HINT_AGE_MS]
        return [alive[first : first + CHUNK] for first in range(0, max(1, len(alive)), CHUNK)]
