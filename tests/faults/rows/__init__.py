"""The fault matrix: every row, in the order of its numbers; a new one is a line in its area's list."""

from tests.faults.row import Row
from tests.faults.rows import (
    broker,
    clocks,
    cluster,
    engines,
    full,
    gateway,
    links,
    poison,
    postgres,
    redis,
    topics,
)

ROWS: list[Row] = sorted(
    [
        *(*engines.ROWS, *poison.ROWS, *links.ROWS, *broker.ROWS, *cluster.ROWS, *topics.ROWS),
        *(*redis.ROWS, *postgres.ROWS, *gateway.ROWS, *clocks.ROWS, *full.ROWS),
    ],
    key=lambda row: (row.number, row.name),
)


SHORT = ("F1b", "F4", "F6", "F8", "F12", "F20", "F23b", "F32")  # one of each kind, each half a minute


def chosen(names: str) -> list[Row]:
    """Rows by name, such as `F4,F29` (and its parts, F29b); all where nothing is named. Raises LookupError."""
    if not names:
        return ROWS
    wanted = [name.strip().upper() for name in names.split(",")]
    found = [row for row in ROWS if row.name.upper() in wanted or f"F{row.number}" in wanted]
    known = {row.name.upper() for row in ROWS} | {f"F{row.number}" for row in ROWS}
    if unknown := [name for name in wanted if name not in known]:
        raise LookupError(f"there is no row {', '.join(unknown)}")
    return found
