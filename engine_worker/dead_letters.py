"""The copy of a command that could not be judged, with the reason in its headers, for a person to look at."""

from typing import Any

from schemas.codec import Record
from schemas.topics import COMMAND_BYTES, Domain


def letter(domain: Domain, record: Any, reason: str) -> Record:
    """Key, value and headers of a consumed record as they came, and where they came from and why.

    A topic may be set to take more than it has to, and a letter that its own topic refused would stop the
    partition: so a longer value is cut, and `playlog-dlq-cut` says how many bytes it had.
    """
    added = {
        "__dlq.errors.topic": domain.commands,
        "__dlq.errors.partition": str(record.partition),
        "__dlq.errors.offset": str(record.offset),
        "__dlq.errors.group": domain.group("engine"),
        "__dlq.errors.message": f"command rejected: {reason}",
        "playlog-dlq-reason": reason,
        "playlog-dlq-redrive-count": "0",
    }
    value = record.value or b""
    if len(value) > COMMAND_BYTES:
        added["playlog-dlq-cut"] = str(len(value))
    headers = [*record.headers, *((name, text.encode()) for name, text in added.items())]
    return Record(record.key, value[:COMMAND_BYTES], headers)
