"""Bytes and back: times, digests, headers, outcomes; what the reader rule sees of a record."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas import codec
from schemas.games.rps import Shape, ShapeThrown
from schemas.log import Fence, FenceMark, OutcomeMark
from schemas.match import RoundEnded
from tests.words import AT, outcome_of

FENCE = Fence(7, "f00d")
HEADERS = codec.outcome_headers(codec.fence_name(FENCE), partition=3, cause=12, after=11, at=AT)
OUTCOME = outcome_of(
    command_id="c",
    player="ann",
    at=AT,
    version=2,
    events=(ShapeThrown(seat=0, shape=Shape.ROCK), RoundEnded(winner=None, missed=(0, 1))),
    deadline=AT + 1,
    digest="d",
)
times = st.integers(0, 253_402_300_799_999)  # up to the end of the year 9999


@given(times)
def test_a_time_is_written_in_utc_with_milliseconds(at: int) -> None:
    text = codec.rfc3339(at)
    assert datetime.fromisoformat(text) == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)
    assert len(text) == len("2026-11-21T08:00:00.000Z")


def test_a_time_reads_as_people_write_it() -> None:
    assert codec.rfc3339(AT + 7) == "2027-01-15T08:00:00.007Z"


@given(st.dictionaries(st.text(), st.integers()))
def test_the_order_of_keys_does_not_change_a_digest(move: dict[str, int]) -> None:
    assert codec.digest(move) == codec.digest(dict(reversed(move.items())))


def test_a_digest_stays_what_it_was() -> None:
    assert codec.digest({"shape": "rock"}) == "c54965d9e4f43f02"


def test_the_checksum_of_nothing_is_nothing() -> None:
    assert codec.checksum(None, None) == codec.checksum(b"", b"") == 0
    assert codec.checksum(b"a", b"b") == codec.checksum(b"", b"ab")


def test_the_rule_sees_an_outcome_as_it_was_written() -> None:
    assert codec.mark(HEADERS) == OutcomeMark(FENCE, cause=12, after=11)
    assert codec.judge_version(HEADERS) == codec.JUDGE_VERSION


def test_the_rule_sees_a_fence_as_it_was_written() -> None:
    assert codec.mark(codec.encode_fence("f00d", "engine-1", AT).headers) == FenceMark("f00d")


def test_an_outcome_without_a_version_was_judged_by_the_first() -> None:
    assert codec.judge_version([]) == 1


@pytest.mark.parametrize("broken", ["playlog-fence", "playlog-cause", "playlog-after"])
@pytest.mark.parametrize("raw", [None, b"", b"x", b"\xff", b"1.5"])
def test_an_outcome_with_a_broken_header_is_foreign(broken: str, raw: bytes | None) -> None:
    headers: Any = [(name, raw if name == broken else value) for name, value in HEADERS]
    assert codec.mark(headers) is None
    assert codec.mark([(name, value) for name, value in HEADERS if name != broken]) is None


@pytest.mark.parametrize("raw", [None, b"\xff"])
def test_a_fence_with_a_broken_id_is_foreign(raw: bytes | None) -> None:
    headers: Any = [("ce_type", codec.FENCE_TYPE), ("ce_id", raw)]
    assert codec.mark(headers) is None


headers: Any = st.lists(
    st.tuples(
        st.sampled_from(["ce_type", "ce_id", "playlog-fence", "playlog-cause", "playlog-after"]),
        st.none() | st.binary(max_size=9) | st.sampled_from([codec.FENCE_TYPE, codec.OUTCOME_TYPE, b"1:a", b"3"]),
    )
)


@given(headers)
def test_no_headers_make_the_rule_raise(headers: Any) -> None:
    assert isinstance(codec.mark(headers), OutcomeMark | FenceMark | None)


def test_facts_are_the_outcome_without_its_views() -> None:
    facts = codec.decode_facts(codec.encode_outcome(OUTCOME))
    views = {"public", "private", "follow_ups"}
    assert facts == {name: value for name, value in OUTCOME.items() if name not in views}


@pytest.mark.parametrize("value", [b"", b"{}", b"[]", codec.encode_outcome(OUTCOME).replace(b"rps.", b"xyz.")])
def test_facts_that_no_version_wrote_are_refused(value: bytes) -> None:
    with pytest.raises(ValidationError):
        codec.decode_facts(value)


def newer(event: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rps.shape-thrown.v1", "seat": event["player"], "shape": event["shape"]}


def test_older_events_are_read_in_their_newest_version() -> None:
    document = orjson.loads(codec.encode_outcome(OUTCOME))
    document["events"][0] = {"type": "rps.shape-thrown.v0", "player": 0, "shape": "rock"}
    old = orjson.dumps(document)
    steps = {"rps.shape-thrown.v0": newer}
    assert codec.decode_outcome(old, steps) == orjson.loads(codec.encode_outcome(OUTCOME))
    assert codec.newest(old, steps) == codec.encode_outcome(OUTCOME)
    assert codec.newest(old) is old
    assert codec.decode_facts(old, steps)["events"] == OUTCOME["events"]
    with pytest.raises(ValidationError):
        codec.decode_facts(old)
