"""What Redis must hold after outcomes: the newest snapshot of a match, a command's result, and until when."""

from collections.abc import Iterable
from typing import Any

import orjson

from tests.proof.rules.life import HOUR
from tests.proof.rules.reader import Accepted

DAY = 24 * HOUR


def snapshot(outcome: Accepted) -> dict[str, bytes]:
    """The fields of a match's hash, from an outcome with events."""
    value = outcome.value
    fields = {
        "version": str(value["version"]).encode(),
        "status": value["public"]["status"].encode(),
        "public": orjson.dumps(value["public"]),
    }
    for seat, part in (value["private"] or {}).items():
        fields[f"private:{seat}"] = orjson.dumps(part)
    return fields


def expires(outcome: Accepted) -> int:
    """When a match's hash expires, ms: a day after its last outcome, and not before an hour after its deadline."""
    return int(max(outcome.value["at"] + DAY, (outcome.value["deadline"] or 0) + HOUR))


def result(outcome: Accepted, match: str | None) -> dict[str, Any]:
    """What a command's key says."""
    value, first = outcome.value, outcome.value["duplicate_of"]
    return {
        "status": "accepted" if value["rejection"] is None else "rejected",
        "version": value["version"],
        "code": value["rejection"],
        "digest": value["digest"],
        "match": match,
        "cause": outcome.cause if first is None else first,
    }


def telling(outcomes: Iterable[Accepted]) -> list[Accepted]:
    """Those of a command's outcomes that leave a result: not the ones of a reused key."""
    return [outcome for outcome in outcomes if outcome.value["rejection"] != "key_reused"]
