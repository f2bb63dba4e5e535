"""Whether something grows over the cycles: the last quarter beside the second one, in medians; pure.

The first quarter is warming up; a median forgives the odd sample that was taken in the middle of something.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from types import MappingProxyType
from typing import Any, NamedTuple

FEWEST = 4  # samples of which anything can be said
MANY = 12  # samples whose quarters have a median
FEWEST_MEMORY = 20  # allocators and caches take some time to settle
MEMORY = 5 * 2**20, 0.05  # the bytes, or the share, by which memory may be higher
NONE: Mapping[tuple[str, str], int] = MappingProxyType({})
MEASURES = ("memory", "descriptors", "connections", "subscriptions", "members")


class Sample(NamedTuple):
    """One survivor after one cycle. `life` counts its starts: only what one life shows can be compared.

    memory: resident bytes.  descriptors: open ones.  connections, subscriptions: its own on Redis.  members: of
    a consumer group.  None: there is no such thing here.
    """

    process: str
    cycle: int
    life: int
    memory: int | None = None
    descriptors: int | None = None
    connections: int | None = None
    subscriptions: int | None = None
    members: int | None = None


@dataclass(frozen=True)
class Slope:
    """One measure of one survivor; `flat` None: too few samples to say."""

    process: str
    measure: str
    samples: int
    early: float
    late: float
    limit: float
    flat: bool | None

    def document(self) -> dict[str, Any]:
        return {**vars(self), "samples": self.samples}


def slopes(
    samples: Sequence[Sample],
    lenient: frozenset[tuple[str, str]] = frozenset(),
    later: Mapping[tuple[str, str], int] = NONE,
) -> list[Slope]:
    """Of every process in its longest life. lenient: process and measure of what is told, but not judged.  later:
    by how much a measure may rise once, because something is opened only when it is needed."""
    found = []
    for process in dict.fromkeys(one.process for one in samples):
        life = longest_life([one for one in samples if one.process == process])
        for measure in MEASURES:
            values = [value for one in life if (value := getattr(one, measure)) is not None]
            place = process, measure
            if values:
                found.append(_slope(process, measure, values, place in lenient, later.get(place, 0)))
    return found


def longest_life(samples: Sequence[Sample]) -> list[Sample]:
    """The longest stretch between two starts, in the order of cycles."""
    lives: dict[int, list[Sample]] = {}
    for one in sorted(samples, key=lambda one: one.cycle):
        lives.setdefault(one.life, []).append(one)
    return max(lives.values(), key=len, default=[])


def _slope(process: str, measure: str, values: Sequence[int], lenient: bool, later: int) -> Slope:
    early, late = _compared(values)
    limit = early + max(MEMORY[0], MEMORY[1] * early) if measure == "memory" else early + later
    fewest = FEWEST_MEMORY if measure == "memory" else FEWEST
    flat = None if lenient or len(values) < fewest else late <= limit
    return Slope(process, measure, len(values), early, late, limit, flat)


def _compared(values: Sequence[int]) -> tuple[float, float]:
    """What is held against what. Of few samples the least of the second half against the most of the first: what
    leaks with every cycle is above it, what is sometimes open is not."""
    if len(values) < MANY:
        half = (len(values) + 1) // 2
        return float(max(values[:half])), float(min(values[half:] or values))
    quarter = len(values) // 4
    return float(median(values[quarter : 2 * quarter])), float(median(values[-quarter:]))
