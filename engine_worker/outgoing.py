"""One owner's outcomes of one poll, written into as few record batches as the broker's limit allows."""

from collections.abc import Callable, Iterable
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

    def add(self, outcomes: Iterable[Taken | None]) -> bool:
        """Put these behind the others; True where they began another batch, so that one can be sent."""
        begun = len(self.batches)
        append = self.batches[-1].append if begun else None
        for taken in outcomes:
            if taken is None:
                continue
            key, value, headers, rejection, _ = taken
            if append is None or append(key=key, value=value, timestamp=None, headers=headers) is None:
                append = self._begin()
                append(key=key, value=value, timestamp=None, headers=headers)
            if rejection is not None:
                self.rejected += 1
            self.last = taken
        return len(self.batches) > max(1, begun)

    def _begin(self) -> Any:
        self.batches.append(self._create_batch())
        return self.batches[-1].append
