"""The words of a checkpoint: the chunks of an owner's state, and the pointer that says what they stand for."""

from typing import Annotated, NamedTuple

import orjson
from pydantic import Field, TypeAdapter

from schemas.codec import JSON_HEADERS, Headers, Record, rfc3339
from schemas.word import Millis, word

CHUNK_TYPE = b"org.playlog.log.checkpoint-chunk.v1"
POINTER_TYPE = b"org.playlog.log.checkpoint.v1"
KEY = b"newest"

CheckpointId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Natural = Annotated[int, Field(ge=0)]


@word
class FenceName:
    """An owner's name: where its fence lies in outcomes, and its id."""

    offset: Natural
    id: str


@word
class Pointer:
    """A complete checkpoint of one partition: where its chunks lie, and which part of the log they stand for.

    first, last: offsets of its first and last chunk in the checkpoints topic; other records may lie between.
    sha256: of all chunks' values, in order.  format: of the state in them.  rules: the version it was judged by.
    next: the outcomes offset to read on from.  fence, watermark: a reader's cursor there.
    crc: CRC-32 of key and value of the outcomes record before `next`, by which a log cut and regrown is noticed.
    at: when it was written, by the owner's clock; for displays only.
    """

    id: CheckpointId
    chunks: Annotated[int, Field(ge=1)]
    first: Natural
    last: Natural
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    format: str
    rules: int
    next: Annotated[int, Field(ge=1)]
    fence: FenceName
    watermark: Annotated[int, Field(ge=-1)]
    crc: Natural
    at: Millis


class Chunk(NamedTuple):
    """One slice of a checkpoint's state, `number` from 0 of the checkpoint `id`."""

    id: str
    number: int
    value: bytes


_validate = TypeAdapter(Pointer).validator.validate_json


def encode_chunk(chunk: Chunk, at: Millis) -> Record:
    """The record of a chunk; its key is the checkpoint's id."""
    headers = [
        *_headers(CHUNK_TYPE, f"{chunk.id}-{chunk.number}", at),
        ("playlog-chunk", b"%d" % chunk.number),
    ]
    return Record(chunk.id.encode(), chunk.value, headers)


def decode_chunk(key: bytes | None, value: bytes | None, headers: Headers) -> Chunk | None:
    """A chunk; None for any other record."""
    named = dict(headers)
    if named.get("ce_type") != CHUNK_TYPE or key is None or value is None:
        return None
    try:
        return Chunk(key.decode("ascii"), int(named["playlog-chunk"]), value)
    except (KeyError, ValueError, TypeError):
        return None


def encode_pointer(pointer: Pointer) -> Record:
    """The record that makes the chunks before it a checkpoint."""
    return Record(KEY, orjson.dumps(pointer), _headers(POINTER_TYPE, pointer.id, pointer.at))


def decode_pointer(value: bytes | None, headers: Headers) -> Pointer | None:
    """A pointer; None for any other record, and for a pointer that this version cannot read."""
    if dict(headers).get("ce_type") != POINTER_TYPE or value is None:
        return None
    try:
        pointer: Pointer = _validate(value)
    except ValueError:
        return None
    return pointer


def _headers(kind: bytes, name: str, at: Millis) -> list[tuple[str, bytes]]:
    return [
        *JSON_HEADERS,
        ("ce_type", kind),
        ("ce_source", b"/playlog/engine"),
        ("ce_id", name.encode()),
        ("ce_time", rfc3339(at).encode()),
    ]
