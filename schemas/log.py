"""The reader rule of the outcome log: which records of a partition count, for every reader alike.

A partition of outcomes holds fences ("from here on I own this partition") and outcomes (the result of one
command). A reader keeps a cursor and reads in offset order; what the rule does not accept is ignored by
everybody, so stale owners, doubled batches and gaps after failed ones change nothing.
"""

from enum import StrEnum
from typing import NamedTuple, TypeAlias


class Fence(NamedTuple):
    """An owner's name: where its fence record lies and the random id it carries."""

    offset: int
    id: str


class Cursor(NamedTuple):
    """What a reader remembers: the current fence and the commands offset of the last accepted outcome."""

    fence: Fence | None
    watermark: int


_new = tuple.__new__  # a NamedTuple's own constructor costs half as much again
START = Cursor(fence=None, watermark=-1)


class FenceMark(NamedTuple):
    """The part of a fence record that the rule looks at."""

    id: str


class OutcomeMark(NamedTuple):
    """The part of an outcome record that the rule looks at.

    fence: its writer's fence; cause: offset of the command; after: `cause` of the outcome before it.
    """

    fence: Fence
    cause: int
    after: int


Mark: TypeAlias = FenceMark | OutcomeMark | None


class Ignored(StrEnum):
    """Why a record does not count."""

    FOREIGN = "foreign"  # neither fence nor outcome
    STALE_FENCE = "stale_fence"  # written by somebody who is not the owner
    BROKEN_CHAIN = "broken_chain"  # not the successor of the last accepted outcome
    REPEATED = "repeated"  # a command that already has its outcome


def read(cursor: Cursor, offset: int, mark: Mark) -> Cursor | Ignored:
    """The cursor after the record at `offset`, or why the record is ignored (the cursor then stays)."""
    if isinstance(mark, OutcomeMark):
        fence, cause, after = mark
        if fence != cursor.fence:
            return Ignored.STALE_FENCE
        if cause <= cursor.watermark:
            return Ignored.REPEATED
        if after != cursor.watermark:
            return Ignored.BROKEN_CHAIN
        return _new(Cursor, (fence, cause))
    if isinstance(mark, FenceMark):
        return Cursor(Fence(offset, mark.id), cursor.watermark)
    return Ignored.FOREIGN
