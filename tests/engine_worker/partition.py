"""A partition of commands and its outcomes in memory: what an owner took, as records that a reader can fold."""

from types import SimpleNamespace
from typing import Any, NamedTuple

from engine_worker.judge import State
from engine_worker.owner import Owner, Taken
from engine_worker.restore import Restored
from schemas.codec import Record, encode_fence
from schemas.command import Command, encode_command
from schemas.log import Fence
from tests.engine_worker.runs import Step, anywhere
from tests.words import AT

FIRST = Fence(0, "first")
FENCE_RECORD = encode_fence("first", "engine-1", AT)


class Sent(NamedTuple):
    """A command record in the log, `timestamp` by the broker."""

    offset: int
    timestamp: int
    record: Record


def owner(partition: int = 0, fence: Fence = FIRST, at_home: Any = anywhere) -> Owner:
    """The owner of an empty partition."""
    return Owner(partition, fence, State(), -1, at_home)


def sent(offset: int, command: Command, at: int = AT) -> Sent:
    return Sent(offset, at, encode_command(command, at, "/playlog/test"))


def line(offset: int, step: Step) -> Any:
    """A step of a run as the consumer hands it on."""
    read = step.read
    if isinstance(read, Command):
        key, value, headers = encode_command(read, step.timestamp, "/playlog/test")
    else:
        headers = [] if read.id is None else [("ce_id", read.id.encode())]
        key, value = None if read.key is None else read.key.encode(), b"{"
    return SimpleNamespace(offset=offset, timestamp=step.timestamp, key=key, value=value, headers=headers)


def take(of: Owner, command: Sent) -> Taken | None:
    return of.take(command.offset, command.timestamp, *command.record)


def took(of: Owner, command: Sent) -> Taken:
    taken = take(of, command)
    assert taken is not None
    return taken


def restored(*taken: Taken) -> Restored:
    """What a reader makes of the first fence and these outcomes behind it."""
    reader = Restored()
    reader.feed(0, *FENCE_RECORD)
    for offset, item in enumerate(taken, start=1):
        reader.feed(offset, item.key, item.value, item.headers)
    return reader
