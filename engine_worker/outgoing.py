"""One owner's outcomes of one poll, written into as few record batches as the broker's limit allows."""

from collections.abc import Callable
from typing import Any

from engine_worker.owner import Owner, Taken


class Outgoing:
    """Batches in the making: an outcome goes in soon after it was judged, while the cache still holds it.

    Kept until all were judged, a poll's outcomes leave the cache, and each is fetched from memory twice: a fifth
    of a draining engine's CPU. `last` is the latest outcome, `rejected` counts those with a rejection; `answers`
    are the producer's, one for every batch that it was given.
    """

    def __init__(self, owner: Owner, create_batch: Callable[[], Any]) -> None:
        self.owner = owner
        self.batches: list[Any] = []
        self.answers: list[Any] = []
        self.last: Taken | None = None
        self.rejected = 0
        self._create_batch = create_batch

    def __len__(self) -> int:
        return sum(batch.record_count() for batch in self.batches)

    def add(self, taken: Taken) -> bool:
        """Put the next outcome behind the others; True where it began another batch, so that one can be sent."""
        key, value, headers, rejection, _ = taken
        self.last = taken
        if rejection is not None:
            self.rejected += 1
        if self.batches and self._append(key, value, headers) is not None:
            return False
        self.batches.append(self._create_batch())
        self._append(key, value, headers)
        return len(self.batches) > 1

    def _append(self, key: bytes | None, value: bytes, headers: list[tuple[str, bytes]]) -> Any:
        return self.batches[-1].append(key=key, value=value, timestamp=None, headers=headers)
