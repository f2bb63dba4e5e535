"""What a list of latencies says: nearest-rank quantiles; pure."""

from collections.abc import Iterable
from math import ceil
from typing import NamedTuple


class Quantiles(NamedTuple):
    """In the unit of what was measured; `size` is how many."""

    size: int
    p50: float
    p90: float
    p99: float
    max: float


def quantiles(values: Iterable[float]) -> Quantiles | None:
    """None for no values."""
    ordered = sorted(values)
    if not ordered:
        return None
    at = [ordered[ceil(share * len(ordered)) - 1] for share in (0.5, 0.9, 0.99, 1.0)]
    return Quantiles(len(ordered), *at)
