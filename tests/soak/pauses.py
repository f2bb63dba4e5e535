"""How long commands waited for their outcomes: distributions that add up, and whose fault it was; pure."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

PERCENTILES = (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999))
QUIET = "no fault"
MOST_AT_ONCE = 4  # faults that may last at the same time
SHADOW_MS = 30_000  # a fault is not blamed for what comes later


class Struck(NamedTuple):
    """When a fault began, Unix time in ms, its kind, and when it was over: a store served clients again."""

    ms: int
    kind: str
    over: int


@dataclass
class Pauses:
    """`counts`: commands by whole milliseconds; `longest`: by kind of fault, ms."""

    counts: Counter[int] = field(default_factory=Counter)
    longest: dict[str, int] = field(default_factory=dict)

    def add(self, began: int, ended: int, faults: Sequence[Struck]) -> None:
        """One wait, from and to Unix time in ms; `faults` in the order of time."""
        waited = max(0, ended - began)
        self.counts[waited] += 1
        kind = blamed(began, ended, faults)
        if waited > self.longest.get(kind, -1):
            self.longest[kind] = waited

    def merge(self, other: "Pauses") -> None:
        self.counts.update(other.counts)
        for kind, waited in other.longest.items():
            self.longest[kind] = max(waited, self.longest.get(kind, 0))

    def document(self) -> dict[str, Any]:
        """Seconds, for machines."""
        found = {name: percentile(self.counts, share) / 1000 for name, share in PERCENTILES}
        worst = sorted(self.longest.items(), key=lambda pair: -pair[1])
        return {
            "commands": self.counts.total(),
            **found,
            "max": max(self.counts, default=0) / 1000,
            "longest by kind of fault": {kind: waited / 1000 for kind, waited in worst},
        }


def blamed(began: int, ended: int, faults: Sequence[Struck]) -> str:
    """The fault that was not over when the wait began; else the first one that fell into it; else the last one
    before it, while it may still have effects."""
    following = bisect_left(faults, began, key=lambda one: one.ms)
    for one in faults[max(0, following - MOST_AT_ONCE) : following]:
        if one.over > began:
            return one.kind
    if following < len(faults) and faults[following].ms <= ended:
        return faults[following].kind
    if following and began - faults[following - 1].ms <= SHADOW_MS:
        return faults[following - 1].kind
    return QUIET


def percentile(counts: Counter[int], share: float) -> int:
    """The smallest value that at least this share of all do not exceed; 0 of none."""
    left = share * counts.total()
    for value in sorted(counts):
        left -= counts[value]
        if left <= 0:
            return value
    return 0


def together(all_of_them: Iterable[Pauses]) -> Pauses:
    found = Pauses()
    for one in all_of_them:
        found.merge(one)
    return found
