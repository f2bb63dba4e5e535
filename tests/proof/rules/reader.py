"""The reader rule from raw headers: which records of a partition of outcomes count."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import orjson

from tests.proof.evidence import Place, Record

FENCE = b"org.playlog.log.fence.v1"
OUTCOME = b"org.playlog.match.outcome.v1"


@dataclass(frozen=True, slots=True)
class Accepted:
    """An outcome that counts, the offset of its command, and its decoded value."""

    record: Record
    cause: int
    value: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that does not count, and why."""

    record: Record
    why: str


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition of outcomes as everybody must read it; `fences` are their offsets."""

    accepted: list[Accepted]
    skipped: list[Skipped]
    fences: list[int]
    watermark: int


def header(record: Record, name: str) -> str | None:
    """A header's text (the last one of that name counts); None where there is none."""
    for found, value in reversed(record.headers):
        if found == name:
            return None if value is None else value.decode("utf-8", "replace")
    return None


def checksum(record: Record) -> int:
    """CRC-32 of key and value."""
    return crc32((record.key or b"") + (record.value or b""))


def read(records: Sequence[Record]) -> Partition:
    """Read a partition from offset 0."""
    accepted: list[Accepted] = []
    skipped: list[Skipped] = []
    fences: list[int] = []
    fence, watermark = "", -1
    for record in records:
        kind = (header(record, "ce_type") or "").encode()
        if kind == FENCE and header(record, "ce_id") is not None:
            fence = f"{record.offset}:{header(record, 'ce_id')}"
            fences.append(record.offset)
            continue
        cause, after = number(record, "playlog-cause"), number(record, "playlog-after")
        if kind != OUTCOME or cause is None or after is None:
            skipped.append(Skipped(record, "it is neither fence nor outcome"))
        elif header(record, "playlog-fence") != fence:
            why = f"its fence is {header(record, 'playlog-fence')}, the owner's is {fence or 'none yet'}"
            skipped.append(Skipped(record, why))
        elif cause <= watermark:
            skipped.append(Skipped(record, f"command {cause} has its outcome, the log is at {watermark}"))
        elif after != watermark:
            skipped.append(Skipped(record, f"it follows command {after}, the log is at {watermark}"))
        else:
            accepted.append(Accepted(record, cause, orjson.loads(record.value or b"null")))
            watermark = cause
    return Partition(accepted, skipped, fences, watermark)


def number(record: Record, name: str) -> int | None:
    """A header's decimal number; None where it is none."""
    text = header(record, name)
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def place(partition: int, records: Sequence[Record], following: int) -> Place:
    """Where a reader stands who has read every record below the offset `following`."""
    before = [record for record in records if record.offset < following]
    seen = read(before)
    fence = next((record for record in reversed(before) if seen.fences and record.offset == seen.fences[-1]), None)
    return Place(
        partition=partition,
        next=following,
        fence_offset=None if fence is None else fence.offset,
        fence_id=None if fence is None else header(fence, "ce_id"),
        watermark=seen.watermark,
        crc=checksum(seen.accepted[-1].record) if seen.accepted else 0,
    )
