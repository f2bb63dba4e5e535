"""How long and how large a run is, and how it tells where it is."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """`commands` are preloaded for the drain, `outcomes` restored: as many as the bars name, unless short."""

    say: Callable[[str], None]
    warm_seconds: float = 3.0
    load_seconds: float = 30.0
    commands: int = 400_000
    outcomes: int = 1_000_000
    concurrency: tuple[int, ...] = (1, 4, 16, 64, 128)
    step_seconds: float = 8.0
    poisson: bool = False

    def short(self) -> "Plan":
        """The same in two minutes, for a look on every change; figures are rougher."""
        return Plan(
            say=self.say,
            warm_seconds=1.0,
            load_seconds=6.0,
            commands=60_000,
            outcomes=60_000,
            concurrency=(16, 64),
            step_seconds=3.0,
            poisson=self.poisson,
        )
