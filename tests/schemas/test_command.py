"""A command record is read, or it is said why not; no bytes whatever make the reader raise."""

from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.codec import digest
from schemas.command import (
    STRUCTURED,
    TAGS,
    VALUE_BYTES,
    Command,
    Unreadable,
    decode_command,
    encode_command,
    ids_of,
)
from schemas.match import Join, Play
from schemas.rejections import Code
from tests.words import ANN, AT, ENTROPY, create, entropies, uid, words

JOIN = Command(uid("join"), create().key, ANN, ENTROPY, Join())
RECORD = encode_command(JOIN, AT, "/playlog/test", traceparent="00-1-2-01")
STRUCTURED_HEADERS = [("content-type", STRUCTURED + b"; charset=UTF-8")]

header_names = st.sampled_from(["ce_id", "ce_type", "content-type", "ce_time", "x"]) | st.text(max_size=5)
header_values = st.one_of(
    st.none(), st.binary(max_size=80), st.sampled_from(sorted(TAGS)), st.just(STRUCTURED), st.just(b"id")
)
headers: Any = st.lists(st.tuples(header_names, header_values), max_size=6)
pieces = st.sampled_from(
    [b'{"player":"p","entropy":"', b"0" * 32, b'","word":', b'{"type":"match.join.v1"}', b"}"]
)
values = st.none() | st.binary(max_size=60) | st.lists(pieces | st.binary(max_size=4), max_size=8).map(b"".join)


DEEP = b"[" * 900 + b"]" * 900


def body(word: bytes, player: bytes = b"ann") -> bytes:
    return b'{"player":"%s","entropy":"%s","word":%s}' % (player, ENTROPY.encode(), word)


def named(tag: str, command: bytes = b"1") -> list[tuple[str, bytes]]:
    return [("ce_id", command), ("ce_type", b"org.playlog." + tag.encode())]


@given(st.none() | st.binary(max_size=70), values, headers)
@example(b"k", body(b'{"type":"match.join.v1"}'), [("ce_id", b"1"), ("ce_type", None)])
@example(b"k", body(b'{"type":"match.join.v1"}'), [*named("match.join.v1"), ("content-type", None)])
@example(b"k", b'{"id":%s,"type":"t","data":{}}' % (b"[" * 1000 + b"]" * 1000), STRUCTURED_HEADERS)
@example(b"k", b'{"id":"1","type":"t","data":%s}' % DEEP, STRUCTURED_HEADERS)
@example(b"k", body(b'{"type":"match.play.v1","move":{"m":%s}}' % DEEP), named("match.play.v1"))
def test_no_bytes_make_the_reader_raise(key: bytes | None, value: bytes | None, headers: Any) -> None:
    assert isinstance(decode_command(key, value, headers), Command | Unreadable)


@given(st.binary(max_size=200), st.sampled_from(sorted(TAGS)))
def test_no_value_under_a_known_name_makes_the_reader_raise(value: bytes, tag: bytes) -> None:
    assert isinstance(decode_command(b"k", value, [("ce_id", b"1"), ("ce_type", tag)]), Command | Unreadable)


@given(entropies, words)
def test_a_command_survives_the_wire(entropy: str, word: Any) -> None:
    command = Command(uid(1), create().key, ANN, entropy, word)
    record = encode_command(command, AT, "/playlog/test")
    if len(record.value) <= VALUE_BYTES:
        assert decode_command(*record) == command


@pytest.mark.parametrize("number", [2**63, 2**64, 10**30, -(10**30)])
def test_a_body_with_an_endless_integer_still_has_a_digest(number: int) -> None:
    word = b'{"type":"match.play.v1","move":{"b":1,"a":%d}}' % number
    read = decode_command(b"k", body(word), named("match.play.v1"))
    assert isinstance(read, Command)
    assert digest(read.word) == digest(Play(move={"a": number, "b": 1}))
    assert digest(read.word) != digest(Play(move={"a": number + 1, "b": 1}))


def test_structured_mode_says_the_same_as_binary_mode() -> None:
    event = {
        "specversion": "1.0",
        "id": JOIN.id,
        "type": "org.playlog.match.join.v1",
        "source": "/playlog/test",
        "data": orjson.loads(RECORD.value),
    }
    assert decode_command(RECORD.key, orjson.dumps(event), STRUCTURED_HEADERS) == JOIN


@pytest.mark.parametrize(
    "event",
    [b"", b"[]", b"7", b"{", b'"text"', b'{"id":"1","type":"t"}', b'{"id":1,"type":"t","data":{}}'],
)
def test_a_broken_structured_event_is_unreadable(event: bytes) -> None:
    assert decode_command(b"k", event, STRUCTURED_HEADERS) == Unreadable(Code.UNREADABLE, None, "k")


@pytest.mark.parametrize("missing", ["key", "value", "id"])
def test_without_key_value_or_id_a_command_is_unreadable(missing: str) -> None:
    key = None if missing == "key" else RECORD.key
    value = None if missing == "value" else RECORD.value
    kept = [(name, raw) for name, raw in RECORD.headers if missing != "id" or name != "ce_id"]
    read = decode_command(key, value, kept)
    assert isinstance(read, Unreadable)
    assert read.code is Code.UNREADABLE
    assert (read.id is None) == (missing == "id")
    assert (read.key is None) == (missing == "key")


@pytest.mark.parametrize("raw", [b"", b"x" * 65, "ž".encode(), b"a\nb", b"\x00"])
def test_an_id_that_could_not_be_shown_again_counts_as_none(raw: bytes) -> None:
    assert decode_command(b"k", RECORD.value, named("match.join.v1", raw)) == Unreadable(
        Code.UNREADABLE, None, "k"
    )


def test_a_value_above_the_limit_is_too_large() -> None:
    value = body(b'{"type":"match.join.v1"}').ljust(VALUE_BYTES + 1)
    assert decode_command(b"k", value, named("match.join.v1")) == Unreadable(Code.TOO_LARGE, "1", "k")
    assert isinstance(decode_command(b"k", value[:-1], named("match.join.v1")), Command)


@pytest.mark.parametrize("tag", ["match.join.v2", "match.created.v1", "chess.move.v1", ""])
def test_a_word_this_version_does_not_know_is_named_so(tag: str) -> None:
    read = decode_command(b"k", RECORD.value, named(tag))
    assert read == Unreadable(Code.UNSUPPORTED_VERSION, "1", "k")


@pytest.mark.parametrize(
    "word",
    [
        b'{"type":"match.join.v1","seat":1}',
        b'{"type":"match.play.v1"}',
        b'{"type":"match.play.v1","move":[]}',
        b'{"type":"match.play.v1","move":{},"round":0}',
        b'{"type":"match.create.v1","game":"rps","rules":1,"options":{"best_of":2}}',
        b'{"type":"match.create.v1","game":"rps","rules":1,"options":{"best_of":33}}',
        b'{"type":"match.create.v1","game":"rps","rules":1,"options":{"best_of":3,"move_seconds":4}}',
        b'{"type":"match.create.v1","game":"rps","rules":1,"options":{"best_of":3,"move_seconds":86401}}',
        b'{"type":"match.create.v1","game":"rps","rules":1,"options":{"best_of":3,"opponent":"eve"}}',
        b'{"type":"match.create.v1","game":"","rules":1,"options":{"best_of":3}}',
    ],
)
def test_a_body_that_its_word_does_not_allow_is_unreadable(word: bytes) -> None:
    tag = orjson.loads(word)["type"]
    assert decode_command(b"k", body(word), named(tag)) == Unreadable(Code.UNREADABLE, "1", "k")


@pytest.mark.parametrize("player", [b"", b"p" * 65, b"\\ud800"])
def test_a_player_id_that_no_player_has_is_unreadable(player: bytes) -> None:
    read = decode_command(b"k", body(b'{"type":"match.join.v1"}', player), named("match.join.v1"))
    assert read == Unreadable(Code.UNREADABLE, "1", "k")


def to_join(document: dict[str, Any]) -> dict[str, Any]:
    return {"type": "match.join.v1", **document["nested"]}


@pytest.mark.parametrize(
    ("word", "readable"),
    [
        (b'{"type":"match.sit-down.v1","nested":{}}', True),
        (b'{"type":"match.sit-down.v1","nested":{"more":1}}', False),
        (b'{"type":"match.sit-down.v1","nested":7}', False),
        (b'{"type":"match.sit-down.v1"}', False),
        (b'"text"', False),
        (b"{", False),
    ],
)
def test_an_older_word_is_read_through_its_steps(word: bytes, readable: bool) -> None:
    steps = {"match.sit-down.v1": to_join}
    read = decode_command(JOIN.key.encode(), body(word), named("match.sit-down.v1"), steps)
    if readable:
        assert read == Command("1", JOIN.key, "ann", ENTROPY, Join())
    else:
        assert read == Unreadable(Code.UNREADABLE, "1", JOIN.key)


def test_a_length_that_only_equals_a_number_is_unreadable() -> None:
    for best_of in (b"true", b"7.0", b'"7"'):
        word = b'{"type":"match.create.v1","game":"rps","rules":1,"options":{"best_of":%b}}' % best_of
        value = b'{"player":"p","entropy":"%b","word":%b}' % (b"0" * 32, word)
        headers = [("ce_id", b"c"), ("ce_type", b"org.playlog.match.create.v1")]
        assert decode_command(b"m", value, headers) == Unreadable(Code.UNREADABLE, "c", "m")


@given(
    st.none() | st.binary(max_size=70), st.lists(st.tuples(st.text(max_size=4), st.none() | st.binary(max_size=9)))
)
def test_a_log_line_gets_ids_alone_whatever_the_headers_hold(key: bytes | None, headers: Any) -> None:
    noise = [("ce_id", b"a\nb"), ("traceparent", b"00-secret-1-01")]
    found = ids_of(key, [*headers, *noise])
    assert found.keys() <= {"match_id"}
    assert all(value.isprintable() and len(value) <= 64 for value in found.values())
