"""One match as this gateway follows it: the newest snapshot, shared by all who stream it or wait for it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol

import structlog

from gateway_api.names import Names
from gateway_api.views import Snapshot, from_hint, from_redis
from infra.redis_line import Line, ServerError
from schemas import keys

log = structlog.get_logger()


class Listener(Protocol):
    def wake(self) -> None:
        """Something is new, look at the feed; must not block."""


class Waiter:
    """Somebody who waits for a command's result. `digest` tells it from another body under the same id."""

    __slots__ = ("digest", "result")

    def __init__(self, digest: str) -> None:
        self.digest = digest
        self.result: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()


class Feed:
    """Takes what hints show of the match, reads the rest and whatever they do not show; keeps only the newest.

    A seat's private part is read only while its own player is served here; `newest` may lack it until then.
    `read_at`: monotonic time of the last answer, whatever it was. `names` holds what `newest` needs.
    """

    def __init__(self, match: str, line: Line, names: Names, spawn: Callable[[Any], None]) -> None:
        self.match = match
        self.key = keys.match(match)
        self._line, self._names, self._spawn = line, names, spawn
        self.newest: Snapshot | None = None
        self.names: dict[str, str] = {}
        self.listeners: set[Listener] = set()
        self.waiters: dict[str, list[Waiter]] = {}
        self.players: Counter[str] = Counter()
        self.users = 0
        self.read_at = self.idle_since = 0.0
        self.away = False  # whether the last read failed
        self.certain = False  # whether `newest` came from Redis
        self._seats: tuple[int, ...] = ()
        self._reading = self._again = False
        self._begun = self._through = 0  # reads are numbered; the last one begun, the last one shown
        self._changed: asyncio.Future[None] | None = None

    def hinted(self, hint: dict[str, Any]) -> None:
        """An outcome of this match is in Redis."""
        for waiter in self.waiters.get(hint["command"], ()):
            if waiter.digest == hint["digest"] and not waiter.result.done():
                waiter.result.set_result(hint)
        if not self.users or (self.newest is not None and hint["version"] <= self.newest.version):
            return
        # A hint may have waited in a socket: while a first look is under way, only Redis can tell what is newest.
        snapshot = None if self._reading else from_hint(hint)
        if snapshot is None:
            self.refresh()
        else:
            self._take(snapshot)

    @contextmanager
    def waiting(self, command: str, waiter: Waiter) -> Iterator[Waiter]:
        """The waiter is told the command's result during the block."""
        waiters = self.waiters.setdefault(command, [])
        waiters.append(waiter)
        try:
            yield waiter
        finally:
            waiters.remove(waiter)
            if not waiters:
                self.waiters.pop(command, None)

    def fall_back(self, snapshot: Snapshot, names: dict[str, str]) -> None:
        """Show what another store knows, while Redis knows nothing."""
        if self.newest is None:
            self._show(snapshot, names)
            self.certain = False

    def is_behind(self, version: int) -> bool:
        """Whether `newest` is older than that, or lacks what somebody here should see."""
        return self.newest is None or version > self.newest.version or self._lacks_seats(self.newest)

    def refresh(self) -> None:
        """Read the match; while a read is under way, one more follows it."""
        if self._reading:
            self._again = True
            return
        self._reading = True
        self._begun += 1
        fields = (f"private:{seat}" for seat in self._seats)
        reply = self._line.call("HMGET", self.key, "version", "public", *fields)
        reply.add_done_callback(partial(self._read, self._seats))

    async def look(self) -> None:
        """Read the match and wait for that: a read under way may have begun before its caller saw a newer view."""
        wanted = self._begun + 1
        self.refresh()
        while self._through < wanted:
            await self.changed()

    async def changed(self) -> None:
        """Wait until the next read is through, whatever it brought."""
        if self._changed is None or self._changed.done():
            self._changed = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._changed)

    def _read(self, seats: tuple[int, ...], reply: "asyncio.Future[Any]") -> None:
        self._reading, again, self._again = False, self._again, False
        self.read_at = asyncio.get_running_loop().time()
        self.away = reply.cancelled() or isinstance(reply.exception(), OSError | ServerError)
        if self.away:
            self._begun += again  # what was to follow has failed as well: the poll tries again
            self._tell(self._begun)
            return
        snapshot = from_redis(reply.result(), seats)
        if snapshot is None:
            self.certain = False  # Redis was emptied: what is held may be older than what it had shown
            self._tell(self._begun)
        else:
            self._take(snapshot, self._begun)
        if again and not self._reading:
            self.refresh()

    def _take(self, snapshot: Snapshot, read: int = 0) -> None:
        """Show it if it is news, and read what it lacks. `read`: the number of the read that brought it."""
        if not self._is_news(snapshot):
            self._tell(read)
        elif (names := self._names.remembered(snapshot.players)) is not None:
            self._show(snapshot, names, read)
        else:
            self._spawn(self._show_named(snapshot, read))
        if self._lacks_seats(snapshot):
            self.refresh()

    def _lacks_seats(self, snapshot: Snapshot) -> bool:
        """Whether a player served here has a seat whose private part is not known; reads now ask for it."""
        wanted = tuple(sorted(s for player in self.players if (s := snapshot.seat_of(player)) is not None))
        self._seats = wanted
        return not all(map(snapshot.knows, wanted))

    def _is_news(self, snapshot: Snapshot) -> bool:
        """Newer, or as new and surer, or with a seat's part that is wanted now; never older."""
        newest = self.newest
        if newest is None or snapshot.version > newest.version:
            return True
        if snapshot.version < newest.version:
            return False
        return not self.certain or any(snapshot.knows(s) and not newest.knows(s) for s in self._seats)

    async def _show_named(self, snapshot: Snapshot, read: int) -> None:
        names = await self._names.of(snapshot.players)
        if self._is_news(snapshot):
            self._show(snapshot, names, read)
        else:
            self._tell(read)

    def _show(self, snapshot: Snapshot, names: dict[str, str], read: int = 0) -> None:
        self.newest, self.names, self.certain = snapshot, names, True
        for listener in self.listeners:
            listener.wake()
        self._tell(read)

    def _tell(self, read: int) -> None:
        self._through = max(self._through, read)
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)
