"""Which frame an event stream sends next, and the frames themselves; pure, so that a simulator can drive it.

Ids on a connection strictly rise. A stream that cannot keep up skips to the newest view, because views are whole.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

HEARTBEAT_SECONDS = 15.0
RETRY_MS = (500, 2500)  # a reconnecting crowd spreads over this

COMMENT = b": still here\n\n"
END = b"event: end\ndata: {}\n\n"
EXPIRED = b"event: expired\ndata: {}\n\n"


class Do(Enum):
    """What to do now."""

    VIEW = auto()  # send the newest view
    COMMENT = auto()  # show that the connection lives
    END = auto()  # nothing will come any more: say so, close
    EXPIRED = auto()  # the token is not good any more: say so, close
    LEAVE = auto()  # this process stops: ask for a reconnect, close
    WAIT = auto()


class Newest(NamedTuple):
    """What is known of the match."""

    version: int
    terminal: bool


@dataclass(slots=True)
class Position:
    """How far one connection is. `sent`: the last id; times in monotonic seconds."""

    sent: int
    wrote: float
    expires: float

    @property
    def due(self) -> float:
        """When it must be looked at although nothing new came."""
        return min(self.wrote + HEARTBEAT_SECONDS, self.expires)


def resumed_at(last_event_id: int, version: int, certain: bool) -> int:
    """Where a connection goes on. An id above the newest version was never sent by us and counts as none.

    Unless the source may lag behind what the client has seen (`certain` false): a view must not go back.
    """
    return 0 if last_event_id > version and certain else last_event_id


def decide(position: Position, newest: Newest | None, now: float, stopping: bool) -> Do:
    """The next step of a connection."""
    if stopping:
        return Do.LEAVE
    if now >= position.expires:
        return Do.EXPIRED
    if newest is not None and newest.version > position.sent:
        return Do.VIEW
    if newest is not None and newest.terminal:
        return Do.END
    if now >= position.wrote + HEARTBEAT_SECONDS:
        return Do.COMMENT
    return Do.WAIT


def view_frame(version: int, view: bytes) -> bytes:
    """One view as an event; JSON has no line breaks."""
    return b"id: %d\nevent: view\ndata: %b\n\n" % (version, view)


def retry_frame(chance: float) -> bytes:
    """How long the client waits before it reconnects; `chance` in [0, 1) spreads the crowd."""
    low, high = RETRY_MS
    return b"retry: %d\n\n" % int(low + (high - low) * chance)
