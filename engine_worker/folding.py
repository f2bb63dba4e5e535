"""Several partitions on their way from what is known of them to their owners' fences; pure, fed with records."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from engine_worker.checkpoint import Loaded, stands
from engine_worker.owner import LostOwnership, Owner
from engine_worker.restore import Restored
from schemas.log import Fence


class Restart(NamedTuple):
    """An owner, and what its checkpoints need to know: see `pace.Held`."""

    owner: Owner
    covered: int
    last: tuple[bytes | None, bytes | None]
    at: int | None


class Fold:
    """Several partitions on their way to their owners' fences, each from its checkpoint, if it has one."""

    def __init__(
        self, fences: Mapping[int, Fence], known: Mapping[int, Restored], loaded: Mapping[int, Loaded]
    ) -> None:
        self.fences = fences
        self.restored = {p: loaded[p].restored if p in loaded else known[p] for p in fences}
        self.count = 0
        self._at = {p: found.pointer.at for p, found in loaded.items()}
        self._unconfirmed = {p: found.pointer for p, found in loaded.items()}
        self._last: dict[int, tuple[bytes | None, bytes | None]] = {}

    def begin(self, partition: int) -> int:
        """The offset to read from: a checkpoint is confirmed by the record before it."""
        return self.restored[partition].next - (1 if partition in self._unconfirmed else 0)

    def confirmed(self, partition: int, first: Any) -> bool:
        """Whether the log is the one the checkpoint stands for; if not, the partition begins again at 0."""
        pointer = self._unconfirmed.pop(partition, None)
        if pointer is None or stands(pointer, first.offset, first.key, first.value, first.headers):
            return True
        self.restored[partition] = Restored()
        del self._at[partition]
        return False

    def feed(self, partition: int, records: Iterable[Any]) -> bool:
        """Fold these; True when this worker's own fence was reached."""
        restored, fence = self.restored[partition], self.fences[partition]
        for record in records:
            if record.offset < restored.next:
                continue
            self.count += 1
            restored.feed(record.offset, record.key, record.value, record.headers)
            if record.offset == fence.offset:
                if restored.cursor.fence != fence:
                    raise LostOwnership(f"another record stands where {fence} was acknowledged")
                self._last[partition] = (record.key, record.value)
                return True
        return False

    def restart(self, owner: Owner) -> Restart:
        partition = owner.partition
        covered = self.restored[partition].covered
        return Restart(owner, covered, self._last[partition], self._at.get(partition))
