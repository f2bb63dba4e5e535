"""A command's result in Redis is what its writer wrote, and nothing else."""

import pytest

from schemas.result import read_result

WRITTEN = b'{"status":"rejected","version":3,"code":"not_seated","digest":"d","match":"m","cause":7}'


def test_a_result_is_read_as_it_was_written() -> None:
    read = read_result(WRITTEN)
    assert read == {
        "status": "rejected",
        "version": 3,
        "code": "not_seated",
        "digest": "d",
        "match": "m",
        "cause": 7,
    }


def test_what_a_later_writer_adds_is_left_out() -> None:
    assert read_result(WRITTEN.replace(b"{", b'{"more":1,', 1)) == read_result(WRITTEN)


@pytest.mark.parametrize(
    "raw",
    [
        None,
        b"",
        b"x",
        b"null",
        b"[]",
        b"{}",
        WRITTEN[:-1],
        WRITTEN.replace(b"3", b'"3"'),
        WRITTEN.replace(b"rej", b"xej"),
    ],
)
def test_whatever_is_no_result_is_none(raw: bytes | None) -> None:
    assert read_result(raw) is None
