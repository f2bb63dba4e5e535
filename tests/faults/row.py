"""A row of the fault matrix: what is done to the running system, and what must hold afterwards. Values only."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tests.faults.scene import Scene

Inject = Callable[["Scene"], Awaitable[None]]
Closing = Callable[["Scene"], Awaitable[list[str]]]
Measure = Literal["pause", "seen", "back", "regained"]
Outcome = Literal["green", "red", "broken", "skipped"]


def nothing_missing() -> str:
    return ""


@dataclass(frozen=True)
class Row:
    """One fault. `holds` names the invariants that it threatens; all are checked in every row.

    links: whose connections lead through a proxy, as `service` (to Kafka), `service:redis`, `service:postgres`;
    `load` is the load's own.  pause: the bar for what players wait, in seconds; measure: from a command's append
    to its outcome, from their command to the views of it (`seen`), the same once a store is `back`, or after
    a cut (`regained`, see Notes).
    obstacle: why the fault cannot be injected here, empty if it can.  closing: faults that nothing heals, done
    when all else is checked; returns what was violated.  seconds: what the row takes at least.  rate: commands a
    second.
    """

    name: str
    title: str
    inject: Inject
    holds: str
    pause: float | None = None
    measure: Measure = "pause"
    links: tuple[str, ...] = ()
    brokers: int = 1
    rate: float = 200.0
    tables: int = 2
    spectators: int = 8
    seconds: float = 0.0
    obstacle: Callable[[], str] = nothing_missing
    closing: Closing | None = None
    environment: tuple[tuple[str, str], ...] = ()
    disk: tuple[str, int] | None = None  # a store whose folder is a small volume, and its size in MiB
    kafka: Callable[[Path], dict[str, str]] | None = None  # what the broker's process finds in its environment
    understudies: bool = False  # engines come back from understudies, as under the real supervisor
    again: bool = True  # whether this build knows all rules of the log, so that it can judge it again
    timed: bool = True  # whether timestamps of this run can be compared with one another

    @property
    def number(self) -> int:
        return int("".join(filter(str.isdigit, self.name)))


@dataclass
class Result:
    """What a row showed. pause: from a command's append to its outcome; seen: from a player's command to both
    players' views, retries included; back: the same, counted from when a store was back; regained: from the
    first answer after a cut; all in seconds."""

    row: str
    title: str
    outcome: Outcome
    seed: int = 0
    seconds: float = 0.0
    faults: int = 0
    sent: int = 0
    accepted: int = 0
    unknown: int = 0
    lost: int = 0
    duplicated: int = 0
    ignored: int = 0
    pause: float = 0.0
    seen: float = 0.0
    back: float = 0.0
    regained: float = 0.0
    measure: Measure = "pause"
    bar: float | None = None
    bug: str = ""
    reason: str = ""
    violations: list[str] = field(default_factory=list)
    evidence: str = ""

    @property
    def late(self) -> bool:
        """Whether players waited longer than the bar allows: told apart from what is wrong."""
        return self.bar is not None and float(getattr(self, self.measure)) > self.bar
