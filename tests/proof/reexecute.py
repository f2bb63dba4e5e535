"""`python -m tests.proof.reexecute FOLDER BATCH`: the product itself judges a folder's commands again.

The only part of the proof that runs the product; the checker starts it as a process and reads what it prints: for
each partition the SHA-256 of its outcomes and the CRC-32 of each. Half-way every owner is replaced by one that was
restored from the outcomes so far.
"""

import json
import sys
from hashlib import sha256
from pathlib import Path
from zlib import crc32

from engine_worker.judge import State
from engine_worker.owner import Owner
from engine_worker.restore import Restored
from infra.kafka.client import partition_of
from schemas.codec import encode_fence
from schemas.log import Fence
from tests.proof.case import by_partition
from tests.proof.evidence import Record
from tests.proof.invariants.again import framed
from tests.proof.saved import load

FENCE = Fence(0, "again")


class Again:
    """One partition, judged anew."""

    def __init__(self, partition: int, partitions: int | None, commands: list[Record]) -> None:
        self.partition, self.partitions = partition, partitions
        self.commands, self.next = commands, 0
        self.owner = Owner(partition, FENCE, State(), -1, self.at_home)
        self.restored = Restored()
        self.restored.feed(0, *encode_fence(FENCE.id, "again", 0))
        self.whole, self.sums = sha256(), list[int]()

    def at_home(self, match: str) -> bool:
        return self.partitions is None or partition_of(match.encode(), self.partitions) == self.partition

    def take(self, count: int) -> bool:
        """Judge the commands that come next; whether any is left."""
        for record in self.commands[self.next : self.next + count]:
            if self.next == len(self.commands) // 2:
                self.owner = Owner(
                    self.partition, FENCE, self.restored.state, self.restored.cursor.watermark, self.at_home
                )
            self._take(record)
            self.next += 1
        return self.next < len(self.commands)

    def _take(self, record: Record) -> None:
        headers: list[tuple[str, bytes]] = list(record.headers)  # type: ignore[arg-type]  # a value may be null
        taken = self.owner.take(record.offset, record.timestamp, record.key, record.value, headers)
        assert taken is not None
        if self.next < len(self.commands) // 2:
            self.restored.feed(len(self.sums) + 1, taken.key, taken.value, taken.headers)
        pair = framed(taken.key, taken.value)
        self.whole.update(pair)
        self.sums.append(crc32(pair))


def main() -> None:
    """Round and round the partitions, a batch at a time."""
    folder, batch = Path(sys.argv[1]), int(sys.argv[2])
    evidence = load(folder)
    partitions = by_partition(evidence.commands or [])
    again = {p: Again(p, evidence.circumstances.partitions, records) for p, records in partitions.items()}
    left = [*again.values()]
    while left:
        left = [one for one in left if one.take(batch)]
    json.dump({p: {"sha256": one.whole.hexdigest(), "sums": one.sums} for p, one in again.items()}, sys.stdout)


if __name__ == "__main__":
    main()
