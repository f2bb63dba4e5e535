"""The outcomes that count, out of one partition's records, by the reader rule every reader has; pure."""

from collections import Counter
from collections.abc import Iterable
from typing import TypeAlias

from infra.kafka.progress import Record
from schemas.codec import mark
from schemas.log import START, Cursor, Ignored, read

# An outcome record that counts, behind its command's offset; a named tuple would cost three times as much.
Accepted: TypeAlias = tuple[int, Record]


class Acceptance:
    """One partition, read from offset 0: the rule holds for nobody who starts in the middle."""

    def __init__(self) -> None:
        self.cursor: Cursor = START
        self.next = 0
        self.ignored: Counter[str] = Counter()

    def feed(self, records: Iterable[Record]) -> list[Accepted]:
        """Take the records that come next, in offset order."""
        accepted: list[Accepted] = []
        cursor, following = self.cursor, self.next
        for record in records:
            following = record.offset + 1
            after = read(cursor, record.offset, mark(record.headers))
            if isinstance(after, Ignored):
                self.ignored[after.value] += 1
                continue
            if after.watermark != cursor.watermark:
                accepted.append((after.watermark, record))
            cursor = after
        self.cursor, self.next = cursor, following
        return accepted
