"""Bytes and back: CloudEvents headers in binary mode, JSON values. Nothing else sees bytes."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from time import gmtime, strftime
from typing import Any, NamedTuple, TypeAlias
from zlib import crc32

import orjson
from pydantic import TypeAdapter

from schemas.log import Fence, FenceMark, Mark, OutcomeMark
from schemas.outcome import Facts, Outcome, OutcomeDocument
from schemas.upcasters import STEPS, Step, upcast
from schemas.word import CommandWord, Millis

Headers: TypeAlias = Sequence[tuple[str, bytes]]

TYPE_PREFIX = b"org.playlog."
FENCE_TYPE = b"org.playlog.log.fence.v1"
OUTCOME_TYPE = b"org.playlog.match.outcome.v1"
JUDGE_VERSION = 1  # raised when the same command and state may give another outcome
JSON_HEADERS: list[tuple[str, bytes]] = [
    ("ce_specversion", b"1.0"),
    ("content-type", b"application/json"),
]
_OUTCOME_HEADERS = [
    *JSON_HEADERS,
    ("ce_type", OUTCOME_TYPE),
    ("ce_source", b"/playlog/engine"),
    ("playlog-rules", b"%d" % JUDGE_VERSION),
]
_validate_facts = TypeAdapter(Facts).validator.validate_json  # without a wrapper: 0.3 us less
_new = tuple.__new__  # a NamedTuple's own constructor costs half as much again


class Record(NamedTuple):
    """A Kafka record to be: key, value and headers."""

    key: bytes | None
    value: bytes
    headers: list[tuple[str, bytes]]


_MILLIS = [f".{millis:03d}Z" for millis in range(1000)]


@lru_cache(maxsize=64)
def _second(second: int) -> str:
    return strftime("%Y-%m-%dT%H:%M:%S", gmtime(second))


@lru_cache(maxsize=4096)  # a broker's batch has one time, a round one deadline
def rfc3339(at: Millis) -> str:
    """A time in RFC 3339, UTC, with milliseconds: the form of all times that people and clients see."""
    second, millis = divmod(at, 1000)
    return _second(second) + _MILLIS[millis]


def digest(word: Any) -> str:
    """16 hex digits that tell one command body from another; the same for gateway and engine.

    A command's word keeps its own, since equal words are decoded once; orjson writes no name with an underscore.
    """
    known: str | None = getattr(word, "_digest", None)
    if known is None:
        known = _digest(word)
        if isinstance(word, CommandWord):
            object.__setattr__(word, "_digest", known)
    return known


def _digest(word: Any) -> str:
    try:
        body = orjson.dumps(word, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # JSON knows integers of more than 64 bits, orjson does not
        body = json.dumps(word, sort_keys=True, default=vars).encode()
    return blake2b(body, digest_size=8).hexdigest()


def checksum(key: bytes | None, value: bytes | None) -> int:
    """CRC-32 of a record's key and value, by which a resuming reader knows the log it read."""
    return crc32(value or b"", crc32(key or b""))


def encode_fence(fence_id: str, owner: str, at: Millis) -> Record:
    """The record that says: from here on `owner` owns this partition."""
    headers = [
        *JSON_HEADERS,
        ("ce_type", FENCE_TYPE),
        ("ce_source", b"/playlog/engine"),
        ("ce_id", fence_id.encode()),
        ("ce_time", rfc3339(at).encode()),
    ]
    return Record(None, orjson.dumps({"owner": owner}), headers)


def encode_outcome(outcome: Outcome) -> bytes:
    """The value of an outcome record."""
    return orjson.dumps(outcome)


def outcome_headers(
    fence: bytes, partition: int, cause: int, after: int, at: Millis, trace: bytes | None = None
) -> list[tuple[str, bytes]]:
    """Headers of an outcome; `fence` as `fence_name` writes it, `trace` the command's `traceparent`."""
    number = b"%d" % cause
    headers = [
        *_OUTCOME_HEADERS,
        ("ce_id", b"%d-%b" % (partition, number)),
        ("ce_time", rfc3339(at).encode()),
        ("playlog-fence", fence),
        ("playlog-cause", number),
        ("playlog-after", b"%d" % after),
    ]
    if trace is not None:
        headers.append(("traceparent", trace))
    return headers


def fence_name(fence: Fence) -> bytes:
    """A fence on the wire: `offset:id` in ASCII."""
    return b"%d:%s" % (fence.offset, fence.id.encode())


def mark(headers: Headers) -> Mark:
    """What the reader rule looks at; None for a record that is neither fence nor outcome."""
    named = dict(headers)
    kind = named.get("ce_type")
    try:
        if kind == OUTCOME_TYPE:
            fence = _fence(named["playlog-fence"])
            return _new(OutcomeMark, (fence, int(named["playlog-cause"]), int(named["playlog-after"])))
        if kind == FENCE_TYPE:
            return FenceMark(named["ce_id"].decode("ascii"))
    except (KeyError, ValueError, TypeError, AttributeError):  # a header's value may be null
        return None
    return None


@lru_cache(maxsize=256)  # an owner's outcomes all bear the same one
def _fence(name: bytes) -> Fence:
    """A fence from the wire, as `fence_name` writes it. Raises ValueError."""
    offset, _, fence_id = name.decode("ascii").partition(":")
    return Fence(int(offset), fence_id)


def cause_of(headers: Headers) -> int:
    """The offset of the command that this outcome is of."""
    return next(int(value) for name, value in headers if name == "playlog-cause")


def judge_version(headers: Headers) -> int:
    """Which version of the rules judged this outcome."""
    return next((int(value) for name, value in headers if name == "playlog-rules"), 1)


def decode_facts(value: bytes, steps: Mapping[str, Step] = STEPS) -> Facts:
    """An accepted outcome's facts, for the fold. Raises pydantic's ValidationError on what no version wrote."""
    if steps:
        value = orjson.dumps(decode_outcome(value, steps))
    facts: Facts = _validate_facts(value)
    return facts


def decode_outcome(value: bytes, steps: Mapping[str, Step] = STEPS) -> OutcomeDocument:
    """An accepted outcome as plain JSON, its events in their newest version."""
    document: OutcomeDocument = orjson.loads(value)
    if steps:
        document["events"] = [upcast(event, steps) for event in document["events"]]
    return document


def newest_event(event: dict[str, Any], steps: Mapping[str, Step] = STEPS) -> dict[str, Any]:
    """An event's JSON, `type` included, in its newest version, wherever it was kept meanwhile."""
    return upcast(event, steps)


def newest(value: bytes, steps: Mapping[str, Step] = STEPS) -> bytes:
    """An accepted outcome's value with its events in their newest version: as it lies there, where all are."""
    return orjson.dumps(decode_outcome(value, steps)) if steps else value
