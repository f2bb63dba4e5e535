"""How far a reader of a fenced log has come, and whether the log is still the one that it read; pure.

The log's own reader rule is injected (`Rule`), so that this module knows no words: it can follow any log whose
cursor has a `fence` (offset and id of the current owner's fence record) and a `watermark`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar


class Record(Protocol):
    """The part of a consumed Kafka record that readers look at; `timestamp` is in Unix milliseconds."""

    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...
    @property
    def timestamp(self) -> int: ...


class Cursor(Protocol):
    """What the rule remembers. `fence` is a pair of offset and id, None before the first one."""

    @property
    def fence(self) -> Any: ...
    @property
    def watermark(self) -> int: ...


C = TypeVar("C", bound=Cursor)


@dataclass(frozen=True)
class Rule(Generic[C]):
    """A log's reader rule.

    start: the cursor before the first record.  mark: what the rule sees of a record's headers; an outcome's
    mark has `fence` and `cause`.  read: the cursor after a record, or as a string why it is ignored.
    checksum: of key and value.
    """

    start: C
    mark: Callable[[Sequence[tuple[str, bytes]]], Any]
    read: Callable[[C, int, Any], C | str]
    checksum: Callable[[bytes | None, bytes | None], int]


class Progress(NamedTuple, Generic[C]):
    """Where to read on, the rule's cursor there, and the checksum of the last accepted outcome (0: none)."""

    next: int
    cursor: C
    crc: int


class Accepted(NamedTuple, Generic[C]):
    """A batch read by the rule: its outcomes that count, in order, and how many records do not, by reason."""

    progress: Progress[C]
    outcomes: list[Record]
    ignored: Counter[str]


def accept(rule: Rule[C], progress: Progress[C], records: Iterable[Record]) -> Accepted[C]:
    """Apply the rule to records that start at `progress.next`, in offset order."""
    following, cursor, crc = progress
    mark, read = rule.mark, rule.read
    outcomes: list[Record] = []
    ignored: Counter[str] = Counter()
    last: Record | None = None
    for record in records:
        following = record.offset + 1
        after = read(cursor, record.offset, mark(record.headers))
        if isinstance(after, str):
            ignored[str(after)] += 1
            continue
        if after.watermark != cursor.watermark:
            outcomes.append(record)
            last = record
        cursor = after
    if last is not None:
        crc = rule.checksum(last.key, last.value)
    return Accepted(Progress(following, cursor, crc), outcomes, ignored)


def confirm(rule: Rule[C], progress: Progress[C], window: Sequence[Record]) -> bool | None:
    """Whether the log before `progress.next` is the one that was read; None when more of it must be seen.

    `window` ends with the record at `progress.next - 1` and has no holes. Going backwards: above the remembered
    fence nothing may count from the remembered cursor (a log that was cut and written on has another fence
    there, because each has a random id, or an outcome that was not read), and the last accepted outcome must
    have the remembered checksum.
    """
    cursor = progress.cursor
    fenced = False
    for record in reversed(window):
        mark = rule.mark(record.headers)
        if not fenced:
            after = rule.read(cursor, record.offset, mark)
            if not isinstance(after, str):
                if after != cursor:
                    return False
                fenced = True
        if cursor.watermark == rule.start.watermark:
            if fenced:
                return True
        elif getattr(mark, "cause", None) == cursor.watermark and (fenced or mark.fence == cursor.fence):
            if rule.checksum(record.key, record.value) == progress.crc:
                return True
            if not fenced:
                return False
    whole = not window or window[0].offset == 0
    return cursor == rule.start if whole else None
