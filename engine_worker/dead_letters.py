"""The copy of a command that could not be judged, with the reason in its headers, for a person to look at."""

from typing import Any

from schemas.codec import Record
from schemas.topics import Domain


def letter(domain: Domain, record: Any, reason: str) -> Record:
    """Key, value and headers of a consumed record as they came, and where they came from and why."""
    added = {
        "__dlq.errors.topic": domain.commands,
        "__dlq.errors.partition": str(record.partition),
        "__dlq.errors.offset": str(record.offset),
        "__dlq.errors.group": domain.group("engine"),
        "__dlq.errors.message": f"command rejected: {reason}",
        "playlog-dlq-reason": reason,
        "playlog-dlq-redrive-count": "0",
    }
    headers = [*record.headers, *((name, text.encode()) for name, text in added.items())]
    return Record(record.key, record.value or b"", headers)
