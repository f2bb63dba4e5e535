"""A partition's progress in Redis: what was written is read again, and nothing else is."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.log import START, Cursor, Fence
from schemas.progress import encode_saved, encode_unfinished, read_saved

NATURALS = st.integers(0, 2**63 - 1)
CURSORS = st.builds(
    Cursor, st.none() | st.builds(Fence, NATURALS, st.text(max_size=40)), st.integers(-1, 2**63 - 1)
)


@given(NATURALS, CURSORS, st.integers(0, 2**32 - 1))
def test_a_place_that_was_written_is_read_again(following: int, cursor: Cursor, crc: int) -> None:
    saved = read_saved(encode_saved(following, cursor, crc))
    assert saved is not None
    assert (saved.next, saved.cursor, saved.crc, saved.rebuild) == (following, cursor, crc, None)


def test_given_a_rebuild_that_is_under_way_then_its_token_is_read_and_nothing_counts_as_read() -> None:
    saved = read_saved(encode_unfinished("token"))
    assert saved is not None
    assert (saved.next, saved.cursor, saved.rebuild) == (0, START, "token")


@pytest.mark.parametrize(
    "changed",
    [
        {"next": -1},
        {"next": "5"},
        {"next": True},
        {"fence": [1]},
        {"fence": ["1", "a"]},
        {"watermark": -2},
        {"watermark": None},
        {"crc": 1.5},
        {"rebuild": 1},
        {"more": 1},
    ],
)
def test_given_a_field_that_no_writer_writes_then_it_is_no_progress(changed: dict[str, object]) -> None:
    place = orjson.loads(encode_saved(7, Cursor(Fence(1, "a"), 3), 5))
    assert read_saved(orjson.dumps(place)) is not None
    assert read_saved(orjson.dumps({**place, **changed})) is None


@given(st.binary(max_size=60))
def test_given_any_bytes_then_reading_them_raises_nothing(raw: bytes) -> None:
    read_saved(raw)
