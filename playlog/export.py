"""Accepted outcomes as lines of JSON: which of them are wanted, and the line of each; pure."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import orjson

from infra.kafka.progress import Record
from playlog.accepted import Accepted
from playlog.ranges import Range
from schemas.codec import newest, rfc3339


class Wanted(NamedTuple):
    """A choice among one partition's outcomes. `last` and `key` None: no bound, every match."""

    first: int
    last: int | None
    since: bytes
    until: bytes
    key: bytes | None

    @classmethod
    def of(cls, chosen: Range, end: int, key: bytes | None) -> "Wanted":
        """The choice in a partition that ends at `end` now."""
        since, until = (b"" if at is None else rfc3339(at).encode() for at in (chosen.since, chosen.until))
        return cls(*chosen.offsets(end), since, until, key)

    def end(self, end: int) -> int:
        """How far the partition has to be read, at most to `end`."""
        return end if self.last is None else min(self.last, end)

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return self == (0, None, b"", b"", None)

    def takes(self, record: Record) -> bool:
        """Whether this outcome is wanted."""
        if record.offset < self.first or (self.last is not None and record.offset >= self.last):
            return False
        if self.key is not None and record.key != self.key:
            return False
        return not (self.since or self.until) or self._in_time(record)

    def _in_time(self, record: Record) -> bool:
        """By effective time, which an outcome's `ce_time` is; RFC 3339 in UTC sorts as bytes."""
        at = next((value for name, value in record.headers if name == "ce_time"), b"")
        return at >= self.since and not (self.until and at >= self.until)


def lines(partition: int, accepted: Iterable[Accepted], wanted: Wanted) -> Iterator[bytes]:
    """`{"partition", "offset", "cause", "key", "outcome"}` for each wanted outcome, in newest words."""
    everything = wanted.everything
    for cause, record in accepted:
        if everything or wanted.takes(record):
            yield b'{"partition":%d,"offset":%d,"cause":%d,"key":%b,"outcome":%b}\n' % (
                *(partition, record.offset, cause),
                *(_text(record.key), _document(record.value or b"null")),
            )


def _text(key: bytes | None) -> bytes:
    return orjson.dumps(None if key is None else key.decode("utf-8", "replace"))


def _document(value: bytes) -> bytes:
    """JSON on one line; decoding it costs 10 us, so that is left out where nothing has to change."""
    value = newest(value)
    return orjson.dumps(orjson.loads(value)) if b"\n" in value else value
