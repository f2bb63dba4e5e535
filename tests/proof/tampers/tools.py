"""What every tampering starts from: good evidence to change, and how to find and change a part of it."""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from functools import cache
from typing import Any

import orjson

from tests.proof.case import Case
from tests.proof.evidence import ClientEvent, Evidence, Record
from tests.proof.good import good
from tests.proof.rules.reader import Accepted

Tamper = Callable[[Evidence], None]
LOG = ("commands", "outcomes")


@cache
def untouched() -> Evidence:
    return good(3, commands=70, matches=4)


def fresh(*kinds: str) -> Evidence:
    """Good evidence that may be changed; only these kinds of it, where some are named."""
    whole, part = untouched(), Evidence(untouched().circumstances)
    for one in fields(Evidence)[1:]:
        items = getattr(whole, one.name)
        if items is not None and (not kinds or one.name in kinds):
            setattr(part, one.name, [*items])
    return part


def change(items: list[Any] | None, index: int, **changes: Any) -> None:
    assert items is not None
    items[index] = replace(items[index], **changes)


def find(items: list[Any] | None, holds: Callable[[Any], Any]) -> int:
    """Where the first one is."""
    return next(index for index, one in enumerate(items or []) if holds(one))


def outcomes(
    evidence: Evidence, holds: Callable[[dict[str, Any]], Any] = lambda value: True
) -> Iterator[Accepted]:
    return (one for one in Case(evidence).accepted if holds(one.value))


def rewrite(evidence: Evidence, outcome: Accepted, **changes: Any) -> None:
    """Another value in an outcome's record."""
    index = (evidence.outcomes or []).index(outcome.record)
    change(evidence.outcomes, index, value=orjson.dumps({**outcome.value, **changes}))


def headers(record: Record, **changes: int) -> tuple[tuple[str, bytes | None], ...]:
    named = {f"playlog-{name}": b"%d" % value for name, value in changes.items()}
    return tuple((name, named.get(name, value)) for name, value in record.headers)


def skipped(evidence: Evidence) -> Record:
    """A stalled owner's record, which does not count."""
    return next(one.record for seen in Case(evidence).read.values() for one in seen.skipped if "fence" in one.why)


def calls(evidence: Evidence, holds: Callable[[ClientEvent], Any]) -> int:
    """The end of a call about a command that was sent once."""
    times: dict[str | None, int] = {}
    for event in evidence.history or []:
        times[event.command] = times.get(event.command, 0) + 1
    return find(evidence.history, lambda one: one.kind == "ok" and times[one.command] == 2 and holds(one))


def index_of(accepted: list[Accepted], record: Record) -> int:
    return find(accepted, lambda one: one.record == record)
