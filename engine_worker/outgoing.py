"""One owner's outcomes of one poll, written into as few record batches as the broker's limit allows."""

from collections.abc import Callable
from typing import Any

from engine_worker.owner import Owner, Taken


class Outgoing:
    """Batches in the making: an outcome goes in as soon as it is judged, while the cache still holds it.

    Kept until all were judged, a poll's outcomes leave the cache, and each is fetched from memory twice: a fifth
    of a draining engine's CPU. `last` is the latest outcome, `rejected` counts those with a rejection.
    """

    def __init__(self, owner: Owner, create_batch: Callable[[], Any]) -> None:
        self.owner = owner
        self.batches: list[Any] = []
        self.last: Taken | None = None
        self.rejected = 0
        self._create_batch = create_batch
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, taken: Taken) -> None:
        """Put the next outcome behind the others."""
        key, value, headers, rejection, _ = taken
        if not self.batches or self._append(key, value, headers) is None:
            self.batches.append(self._create_batch())
            self._append(key, value, headers)
        self._count += 1
        self.last = taken
        if rejection is not None:
            self.rejected += 1

    def _append(self, key: bytes | None, value: bytes, headers: list[tuple[str, bytes]]) -> Any:
        return self.batches[-1].append(key=key, value=value, timestamp=None, headers=headers)
