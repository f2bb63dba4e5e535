"""The strict reader of JSON: what passes is what was sent, what does not is a problem with a pointer."""

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.http.body import MAX_DEPTH, decode
from infra.http.problems import Problem

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def problem(raw: bytes) -> Problem:
    with pytest.raises(Problem) as caught:
        decode(raw)
    return caught.value


@given(VALUES)
def test_plain_json_comes_through_unchanged(value: object) -> None:
    assert decode(json.dumps(value).encode()) == value
    assert decode(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_problem(raw: bytes) -> None:
    with contextlib.suppress(Problem):
        decode(raw)


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        (b'{"a": {"b": [1, NaN]}}', "/a/b/1"),
        (b'{"a": -1e999}', "/a"),
        (b'{"a": 123456789012345678901}', "/a"),
        (b'["\\udfff"]', "/0"),
        (b'{"a\\u0000": 1}', "/*"),
        (b'{"Not a name!": NaN}', "/*"),
        (b'"\\u0000"', ""),
    ],
)
def test_a_value_nobody_can_mean_is_pointed_at(raw: bytes, pointer: str) -> None:
    assert [error.pointer for error in problem(raw).errors] == [pointer]


@pytest.mark.parametrize("depth", [1, MAX_DEPTH])
def test_nesting_up_to_the_limit_is_read(depth: int) -> None:
    assert isinstance(decode(b"[" * depth + b"]" * depth), list)
    assert decode(b'["' + b"[" * 100 + b'"]') == ["[" * 100]


def test_nesting_beyond_the_limit_is_refused() -> None:
    deep = MAX_DEPTH + 1
    assert problem(b"[" * deep + b"]" * deep).code == "too_deep"


def test_many_shallow_lists_are_no_depth() -> None:
    assert len(decode(b"[" + b",".join([b"[]"] * 500) + b"]")) == 500


STRING = b'{"a":[' + b"[]," * 40 + b'[]],"b":"' + b'\\"' * 7900


@pytest.mark.parametrize("raw", [STRING, STRING + b"\\", STRING + b'"}', b"[]" * 33 + b'{"' * 8000])
def test_no_body_takes_long(raw: bytes) -> None:
    began = time.process_time()
    with contextlib.suppress(Problem):
        decode(raw)
    assert time.process_time() - began < 0.05


@pytest.mark.parametrize("end", [b"", b"\\", b'\\"'])
def test_brackets_in_a_string_that_does_not_end_are_no_depth(end: bytes) -> None:
    assert problem(b'["' + b"[" * 100 + end).code == "invalid_json"
