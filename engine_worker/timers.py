"""When which match needs its timer: a heap that holds at most a few entries a match, however often it moves."""

from collections.abc import Callable
from heapq import heappop, heappush

from schemas.word import Millis

REPEAT_MS = 1000  # a reported deadline that still stands is reported again after this
LONGEST_MS = 60_000  # a clock that runs ahead may be set right at any moment


class Timers:
    """The deadlines of one partition's matches. Entries may be older than the match; `due` asks the match."""

    def __init__(self) -> None:
        self._heap: list[tuple[Millis, str]] = []
        self._armed: dict[str, Millis] = {}
        self._asked: Millis = 0

    def __len__(self) -> int:
        return len(self._heap)

    def arm(self, match: str, deadline: Millis) -> None:
        """Wake up at `deadline`, unless an earlier wake-up is already planned (it then looks again)."""
        armed = self._armed.get(match)
        if armed is None or deadline < armed:
            self._armed[match] = deadline
            heappush(self._heap, (deadline, match))

    def put_off(self, match: str, remaining: Millis) -> None:
        """A report came `remaining` ms too early by the broker's clock: let the next one wait as long."""
        armed = self._armed.get(match)
        if armed is not None and remaining > REPEAT_MS:
            self._armed[match] = later = armed - REPEAT_MS + min(remaining, LONGEST_MS)
            heappush(self._heap, (later, match))

    def due(self, now: Millis, deadline_of: Callable[[str], Millis | None]) -> list[tuple[str, Millis]]:
        """The matches whose standing deadline has passed; each is due again while its deadline stands."""
        if now < self._asked - REPEAT_MS:
            self._set_back(deadline_of)
        self._asked = now
        passed: list[tuple[str, Millis]] = []
        while self._heap and self._heap[0][0] <= now:
            at, match = heappop(self._heap)
            if self._armed.get(match) != at:
                continue  # an earlier entry took its place
            del self._armed[match]
            deadline = deadline_of(match)
            if deadline is None:
                continue
            if deadline <= now:
                passed.append((match, deadline))
                deadline = now + REPEAT_MS
            self.arm(match, deadline)
        return passed

    def _set_back(self, deadline_of: Callable[[str], Millis | None]) -> None:
        """The clock was set back: what was put off by its old time is due long before."""
        for match in [*self._armed]:
            if (deadline := deadline_of(match)) is not None:
                self.arm(match, deadline)
