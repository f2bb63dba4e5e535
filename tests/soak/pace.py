"""How fast to send: as fast as what waits stays small; pure."""

from dataclasses import dataclass

LOW, HIGH = 500, 2500  # commands that wait for their outcomes
FAR_BEHIND = 60_000  # outcomes that a store has not seen yet
FASTER, SLOWER = 1.12, 0.6
STEP = 25.0


@dataclass
class Pace:
    """Commands a second, between `floor` and `ceiling`."""

    rate: float
    floor: float
    ceiling: float

    def after(self, waiting: int | None, behind: int) -> float:
        """The next rate. waiting: commands without an outcome, None where nobody knows; behind: what the slowest
        store has still to take in."""
        if waiting is None or waiting > HIGH or behind > FAR_BEHIND:
            self.rate *= SLOWER
        elif waiting < LOW:
            self.rate = self.rate * FASTER + STEP
        self.rate = min(self.ceiling, max(self.floor, self.rate))
        return self.rate


def ceiling(moves: int, seconds: float, most: float) -> float:
    """So that a short run lasts `seconds` and sees every kind of fault."""
    return min(most, max(100.0, moves / seconds))
