"""Which process dies or stalls when, drawn from a seed; pure.

Every process has its turn before any has a second one, so that short runs see all kinds.
"""

from collections.abc import Iterator
from random import Random
from typing import Literal, NamedTuple

How = Literal["restarted", "away", "paused", "stalled"]
KINDS = {
    "engine-1": "engine",
    "engine-2": "engine",
    "session": "session",
    "history": "history",
    "gateway": "gateway",
    "auth": "auth",
    "redis": "redis",
    "postgres": "postgres",
    "kafka": "kafka",
}
WAYS: tuple[How, ...] = ("restarted", "away", "paused", "stalled")
GAP = 0.5, 2.5  # seconds between faults
PAUSED = 0.3, 1.0  # under every session time-out, the shortest of which is 1.5 s
STALLED = {"history": (4.0, 5.5), "kafka": (5.0, 7.0)}  # over its session time-out, over the produce deadline
LONG = 2.5, 4.0  # over the session time-out of engine and session worker
AWAY = 1.0, 4.0
TOGETHER = 0.15  # how often two processes are struck at once


class Blow(NamedTuple):
    """`gap` seconds after the last one `target` is killed and restarted at once, killed and away for `seconds`,
    or stopped for `seconds`; `with_next`: the next blow falls at the same time."""

    gap: float
    target: str
    how: How
    seconds: float
    with_next: bool = False

    @property
    def kind(self) -> str:
        """For figures: which kind of process, and what befell it."""
        return f"{KINDS[self.target]} {self.how}"


def blows(seed: int) -> Iterator[Blow]:
    """For ever; `len(KINDS)` in a row strike every process."""
    random = Random(seed)
    ways = {target: _ways(random) for target in KINDS}
    while True:
        targets = random.sample(sorted(KINDS), len(KINDS))
        for number, target in enumerate(targets):
            how = next(ways[target])
            last = number == len(targets) - 1
            together = not last and random.random() < TOGETHER
            yield Blow(random.uniform(*GAP), target, how, _seconds(random, target, how), together)


def _ways(random: Random) -> Iterator[How]:
    """All four before any comes again."""
    while True:
        yield from random.sample(WAYS, len(WAYS))


def _seconds(random: Random, target: str, how: How) -> float:
    if how == "restarted":
        return 0.0
    if how == "stalled":
        return random.uniform(*STALLED.get(target, LONG))
    return random.uniform(*(AWAY if how == "away" else PAUSED))
