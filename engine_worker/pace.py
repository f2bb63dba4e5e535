"""How often checkpoints are written: a restart stays short, and what they cost stays small. Pure."""

from dataclasses import dataclass
from typing import NamedTuple

from engine_worker.owner import Owner

JITTER = 0.25  # partitions that began together drift apart


class Pace(NamedTuple):
    """After so many outcomes and so many seconds; all partitions' writing takes at most `share` of the time."""

    outcomes: int
    seconds: float
    share: float

    def first(self, chance: float) -> float:
        """Seconds from a takeover to a partition's first checkpoint; `chance` is uniform in [0, 1)."""
        return self.seconds * chance

    def pause(self, took: float, partitions: int, chance: float) -> float:
        """Seconds from a checkpoint that took `took` seconds to the next of the same partition."""
        return max(self.seconds, took * partitions / self.share) * (1 + JITTER * chance)


@dataclass(slots=True)
class Held:
    """A partition in its owner's hands, as checkpoints see it.

    lead: watermark - landing when it was taken over.  covered: the outcomes offset its checkpoint stands for.
    last: key and value of the outcomes record before `owner.landing`.  at: its checkpoint's time, Unix ms.
    """

    owner: Owner
    lead: int
    covered: int
    last: tuple[bytes | None, bytes | None]
    not_before: float
    at: int | None = None

    @property
    def behind(self) -> int:
        """How many outcomes a restart would fold."""
        return self.owner.landing - self.covered

    def due(self, pace: Pace, now: float) -> bool:
        return self.behind >= pace.outcomes and now >= self.not_before
