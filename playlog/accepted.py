"""The outcomes that count, out of one partition's records, by the reader rule every reader has; pure."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from infra.kafka.progress import Record
from schemas.codec import mark
from schemas.log import START, Cursor, Ignored, read


class Accepted(NamedTuple):
    """An outcome record that counts, and the offset of the command it answers."""

    cause: int
    record: Record


class Acceptance:
    """One partition, read from offset 0: the rule holds for nobody who starts in the middle."""

    def __init__(self) -> None:
        self.cursor: Cursor = START
        self.next = 0
        self.ignored: Counter[str] = Counter()

    def feed(self, records: Iterable[Record]) -> list[Accepted]:
        """Take the records that come next, in offset order."""
        accepted: list[Accepted] = []
        for record in records:
            self.next = record.offset + 1
            after = read(self.cursor, record.offset, mark(record.headers))
            if isinstance(after, Ignored):
                self.ignored[after.value] += 1
                continue
            if after.watermark != self.cursor.watermark:
                accepted.append(Accepted(after.watermark, record))
            self.cursor = after
        return accepted
