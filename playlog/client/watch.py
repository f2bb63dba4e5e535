"""What one seat sees of a match: every view with the moment it came, and whether it agrees with the script."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson

from playlog.client.script import Script
from playlog.client.sse import Event

SEEN_SECONDS = 10.0


class Disagreement(Exception):
    """A view is not what the script says it must be."""


class Seen(NamedTuple):
    """A view, and when its last byte was read (`time.perf_counter`)."""

    version: int
    at: float
    view: dict[str, Any]


class Watch:
    """One seat's end of a stream; pass `take` to the stream."""

    def __init__(self, seat: int) -> None:
        self.seat = seat
        self._seen: list[Seen] = []
        self._news = asyncio.Event()
        self._wrong = ""

    def take(self, event: Event) -> None:
        """An event from the stream; ids that do not rise are told by `reach`."""
        if event.name != "view":
            return
        at, version = time.perf_counter(), int(event.id)
        if self._seen and version <= self._seen[-1].version:
            self._wrong = f"seat {self.seat}: view {version} came after view {self._seen[-1].version}"
        self._seen.append(Seen(version, at, orjson.loads(event.data)))
        self._news.set()

    async def reach(self, version: int, seconds: float = SEEN_SECONDS) -> Seen:
        """The first view that is at least as new as `version`; raises Disagreement where none comes in time,
        or where the stream went backwards."""
        try:
            async with asyncio.timeout(seconds):
                while not self._seen or self._seen[-1].version < version:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            newest = self._seen[-1].version if self._seen else "none"
            raise Disagreement(
                f"seat {self.seat}: no view {version} within {seconds} s, newest: {newest}"
            ) from None
        if self._wrong:
            raise Disagreement(self._wrong)
        return next(seen for seen in self._seen if seen.version >= version)


def check(view: dict[str, Any], seat: int, script: Script) -> None:
    """Raises Disagreement, naming all that is wrong with a view taken right after the script's last step."""
    wrong = [
        f"{field} is {view.get(field)!r}, must be {must!r}"
        for field, must in _must(script, seat)
        if view.get(field) != must
    ]
    if wrong:
        raise Disagreement(f"seat {seat}, version {view.get('version')}: {'; '.join(wrong)}")


def _must(script: Script, seat: int) -> Iterator[tuple[str, Any]]:
    ended = script.over is not None
    yield "version", script.version
    yield "you", seat
    yield "status", "ended" if ended else "playing"
    yield "winner", script.over
    yield "ended_by", "score" if ended else None
    yield "score", script.score
    yield "rounds", [{"moves": [first, second], "winner": won} for first, second, won in script.rounds[-31:]]
    pending = script.pending
    yield "moved", [pending is not None and pending[0] == one for one in (0, 1)]
    yield "mine", {"shape": pending[1]} if pending is not None and pending[0] == seat else None
