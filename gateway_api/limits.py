"""What one process allows at once: commands in flight per player and match, open streams per player and in all."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from infra.http.problems import Problem
from infra.metrics import LIMITED, SSE_CONNECTIONS

IN_FLIGHT = 2
CREATES_IN_FLIGHT = 4
SPARED_FILES = 500  # for requests and the stores


def too_many(limit: str, code: str = "too_many_requests") -> Problem:
    """429; `limit` names it for the metrics."""
    LIMITED.labels(limit).inc()
    return Problem(429, code, "Too many at once, wait a little.", headers={"retry-after": "1"})


class InFlight:
    """Commands under way, by player and resource; a repeated key shares its first one's place."""

    def __init__(self) -> None:
        self._open: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)

    @contextmanager
    def place(self, player: str, resource: str, command: str, most: int = IN_FLIGHT) -> Iterator[None]:
        """Hold a place during the block; a 429 problem when `most` other commands hold one."""
        commands = self._open[player, resource]
        if command not in commands and len(commands) >= most:
            raise too_many("commands_in_flight")
        commands[command] += 1
        try:
            yield
        finally:
            commands[command] -= 1
            if not commands[command]:
                del commands[command]
            if not commands:
                self._open.pop((player, resource), None)


def streams_within(files: int, wanted: int) -> int:
    """How many streams fit among so many open files: one each, and commands need some, too."""
    return min(wanted, max(files - SPARED_FILES, files // 2))


class Slots:
    """Event streams open in this process."""

    def __init__(self, most: int, per_player: int, per_address: int) -> None:
        self._most, self._per_player, self._per_address = most, per_player, per_address
        self._players: Counter[str] = Counter()
        self._addresses: Counter[str] = Counter()
        self.open = 0

    @contextmanager
    def slot(self, player: str, address: str | None) -> Iterator[None]:
        """Hold a slot during the block; 429 and 503 problems. `address` None is not counted."""
        if self.open >= self._most:
            LIMITED.labels("streams").inc()
            raise Problem(503, "too_many_streams", "No stream is free here now.", headers={"retry-after": "5"})
        if self._players[player] >= self._per_player:
            raise too_many("streams_per_player", "too_many_streams")
        if address is not None and self._addresses[address] >= self._per_address:
            raise too_many("streams_per_address", "too_many_streams")
        self._count(player, address, 1)
        try:
            yield
        finally:
            self._count(player, address, -1)

    def _count(self, player: str, address: str | None, by: int) -> None:
        self.open += by
        SSE_CONNECTIONS.set(self.open)
        _add(self._players, player, by)
        if address is not None:
            _add(self._addresses, address, by)


def _add(counter: Counter[str], key: str, by: int) -> None:
    counter[key] += by
    if not counter[key]:
        del counter[key]
