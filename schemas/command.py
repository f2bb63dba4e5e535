"""The command record: who wishes what, with the chance it brought along; and what cannot be read as one."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, NamedTuple, TypeAlias, get_args

import orjson
from pydantic import Field, TypeAdapter

from schemas.codec import JSON_HEADERS, TYPE_PREFIX, Headers, Record, rfc3339
from schemas.match import MatchCommand
from schemas.rejections import Code
from schemas.upcasters import STEPS, Step, upcast
from schemas.word import Millis, word

VALUE_BYTES = 4096  # a readable command's limit; the topic takes more, so that a poison record is seen
STRUCTURED = b"application/cloudevents+json"
TAGS = frozenset(
    TYPE_PREFIX + member.__dataclass_fields__["type"].default.encode()
    for member in get_args(get_args(MatchCommand)[0])
)


@word
class CommandBody:
    """A command's value. `entropy`: 128 random bits in hex drawn by the gateway, the only source of chance."""

    player: Annotated[str, Field(min_length=1, max_length=64)]
    entropy: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    word: MatchCommand


class Command(NamedTuple):
    """A readable command. `key` is the match id."""

    id: str
    key: str
    player: str
    entropy: str
    word: Any


class Unreadable(NamedTuple):
    """What stands where a command should; it is rejected with `code` and copied to the dead letters."""

    code: Code
    id: str | None = None
    key: str | None = None


Read: TypeAlias = Command | Unreadable
_validate = TypeAdapter(CommandBody).validator.validate_json  # without a wrapper: 0.3 us less
_validate_word = TypeAdapter(MatchCommand).validator.validate_json
_new = tuple.__new__  # a NamedTuple's own constructor costs twice as much
_is_plain = re.compile(
    rb'\{"player":"([ !#-\[\]-~]{1,64})","entropy":"([0-9a-f]{32})","word":(\{.*\})\}', re.DOTALL
).fullmatch

_is_trace = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}").fullmatch  # W3C Trace Context


def encode_command(command: Command, at: Millis, source: str, traceparent: str | None = None) -> Record:
    """The record to append to the commands topic."""
    headers = [
        *JSON_HEADERS,
        ("ce_type", TYPE_PREFIX + command.word.type.encode()),
        ("ce_source", source.encode()),
        ("ce_id", command.id.encode()),
        ("ce_time", rfc3339(at).encode()),
    ]
    if traceparent:
        headers.append(("traceparent", traceparent.encode()))
    body = {"player": command.player, "entropy": command.entropy, "word": command.word}
    return Record(command.key.encode(), orjson.dumps(body), headers)


def decode_command(
    key: bytes | None, value: bytes | None, headers: Headers, steps: Mapping[str, Step] = STEPS
) -> Read:
    """A command, or why there is none. Never raises on any bytes, nor on headers without a value."""
    named = dict(headers)
    content = named.get("content-type")
    if content and content.startswith(STRUCTURED):
        named, value = _unfold(named, value)
    command_id = _ascii(named.get("ce_id"), 64)
    match_id = _ascii(key, 64)
    if command_id is None or match_id is None or not value:
        return Unreadable(Code.UNREADABLE, command_id, match_id)
    if len(value) > VALUE_BYTES:
        return Unreadable(Code.TOO_LARGE, command_id, match_id)
    tag = named.get("ce_type") or b""
    if tag not in TAGS and tag.removeprefix(TYPE_PREFIX).decode("ascii", "replace") not in steps:
        return Unreadable(Code.UNSUPPORTED_VERSION, command_id, match_id)
    try:
        if tag not in TAGS:
            value = _upcast(value, steps)
        elif plain := _read_plain(command_id, match_id, value):
            return plain
        body = _validate(value)
    except (ValueError, TypeError, LookupError, AttributeError):  # pydantic's ValidationError is a ValueError
        return Unreadable(Code.UNREADABLE, command_id, match_id)
    return Command(command_id, match_id, body.player, body.entropy, body.word)


def trace_of(headers: Headers) -> bytes | None:
    """The W3C trace context that a record came with; None where it has none, or what is none."""
    for name, value in reversed(headers):
        if name == "traceparent":
            return value if value and _is_trace(value) else None
    return None


def ids_of(key: bytes | None, headers: Headers) -> dict[str, str]:
    """What a log line may say of a command that nobody could read: the ids it names, where they are ids."""
    named = dict(headers)
    trace = trace_of(headers)
    found = {
        "command_id": _ascii(named.get("ce_id"), 64),
        "match_id": _ascii(key, 64),
        "trace_id": trace.split(b"-")[1].decode() if trace else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _read_plain(command_id: str, match_id: str, value: bytes) -> Command | None:
    """A command just as `encode_command` writes it; None for all others, which are read as any JSON."""
    plain = _is_plain(value)
    if plain is None:
        return None
    player, entropy, word = plain.groups()
    try:
        return _new(Command, (command_id, match_id, player.decode(), entropy.decode(), _known(word)))
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def _known(word: bytes) -> Any:
    """A word from its JSON; few words differ, so most are known already. Raises ValueError."""
    return _validate_word(word)


def _ascii(raw: bytes | None, limit: int) -> str | None:
    if not raw or len(raw) > limit or not raw.isascii():
        return None
    text = raw.decode()
    return text if text.isprintable() else None


def _upcast(value: bytes, steps: Mapping[str, Step]) -> bytes:
    document = orjson.loads(value)
    return orjson.dumps({**document, "word": upcast(document["word"], steps)})


def _unfold(named: Mapping[str, bytes], value: bytes | None) -> tuple[dict[str, bytes], bytes | None]:
    """CloudEvents structured mode: the attributes lie in the value beside `data`."""
    try:
        event = orjson.loads(value or b"")
        attributes = {f"ce_{name}": event[name].encode() for name in ("id", "type")}
        return {**named, **attributes}, orjson.dumps(event["data"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return dict(named), None
