"""The copy of a command that could not be judged, with the reason in its headers, for a person to look at."""

from schemas.codec import Record
from schemas.topics import Domain

MAX_VALUE = 65_536


def letter(
    domain: Domain,
    group: str,
    partition: int,
    offset: int,
    reason: str,
    key: bytes | None,
    value: bytes | None,
    headers: list[tuple[str, bytes]],
) -> Record:
    """Key, value and headers as they came, and where they came from and why."""
    added = {
        "__dlq.errors.topic": domain.commands,
        "__dlq.errors.partition": str(partition),
        "__dlq.errors.offset": str(offset),
        "__dlq.errors.group": group,
        "__dlq.errors.message": f"command rejected: {reason}",
        "playlog-dlq-reason": reason,
        "playlog-dlq-redrive-count": "0",
    }
    return Record(key, value or b"", [*headers, *((name, text.encode()) for name, text in added.items())])
