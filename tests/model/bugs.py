"""Seeded bugs: each switches one rule off, and the model must notice; a checker that never fails shows nothing."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any
from unittest.mock import patch

from engine_worker import judge
from engine_worker.owner import Headless, Owner
from history_sink import tabulate
from infra.kafka.progress import Rule
from schemas.codec import checksum, mark
from schemas.log import START, Cursor, Ignored, Mark, OutcomeMark, read
from session_worker import project
from tests.model.rules import Rules

Seeded = Callable[[], AbstractContextManager[Rules]]


def without_fence_check(cursor: Cursor, offset: int, seen: Mark) -> Cursor | Ignored:
    """The reader rule, but for the question who wrote."""
    if isinstance(seen, OutcomeMark) and cursor.fence is not None:
        seen = seen._replace(fence=cursor.fence)
    return read(cursor, offset, seen)


def without_after_check(cursor: Cursor, offset: int, seen: Mark) -> Cursor | Ignored:
    """The reader rule, but for the chain."""
    if isinstance(seen, OutcomeMark):
        seen = seen._replace(after=cursor.watermark)
    return read(cursor, offset, seen)


class Trusting(Owner):
    """Takes acknowledged for accepted, wherever the batch has landed."""

    def landed(self, base_offset: int, count: int) -> None:
        self.landing = base_offset + count


class Careless(Owner):
    """Takes whatever command comes, also above watermark + 1."""

    def _judge(self, offset: int, *rest: Any) -> Headless | None:
        after, self.watermark = self.watermark, max(self.watermark, offset - 1)
        judged = super()._judge(offset, *rest)
        return None if judged is None else judged._replace(after=after)


def _rule(wrong: Any) -> Rule[Cursor]:
    return Rule(start=START, mark=mark, read=wrong, checksum=checksum)


def _substitute(module: Any, name: str, wrong: Any) -> Seeded:
    @contextmanager
    def substituted() -> Iterator[Rules]:
        with patch.object(module, name, wrong):
            yield Rules()

    return substituted


def _switch(**rules: Any) -> Seeded:
    return lambda: nullcontext(Rules(**rules))


BUGS: dict[str, Seeded] = {
    "a reader without the fence check": _substitute(project, "RULE", _rule(without_fence_check)),
    "a reader without the check of after": _substitute(tabulate, "RULE", _rule(without_after_check)),
    "an owner without the acknowledgement check": _switch(owner=Trusting),
    "an owner without watermark + 1": _switch(owner=Careless),
    "a restored owner without the log's time": _switch(forgets_time=True),
    "an early timer whose id is remembered": _substitute(judge, "NOT_REMEMBERED", frozenset()),
    "progress as two values": _switch(two_values=True),
    "a sink without the claim": _switch(claims=False),
    "a resuming reader that does not compare": _switch(compares=False),
    "a relative expiry": _switch(absolute_expiry=False),
    "a rebuild that leaves no mark": _switch(marks_rebuilds=False),
    "an erasure that does not look": _switch(guarded_erase=False),
}
