"""One partition in an owner's hands: which command it takes, what it notices, what goes to the dead letters."""

from itertools import chain
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine_worker import owner as owners
from engine_worker.dead_letters import letter
from engine_worker.judge import State
from engine_worker.owner import Displaced, Gap, Owner
from schemas.codec import decode_facts, mark
from schemas.log import Cursor, Fence, OutcomeMark
from schemas.match import Join, Resign
from schemas.rejections import Code
from schemas.topics import COMMAND_BYTES, MATCHES
from tests.engine_worker.partition import FIRST, Sent, line, owner, restored, sent, take, took
from tests.engine_worker.runs import Told, anywhere, image, runs
from tests.words import ANN, AT, BOB, create, throw, uid

CREATE = create()
JOIN = CREATE._replace(id=uid("join"), player=BOB, word=Join())
ROCK = CREATE._replace(id=uid("rock"), word=throw("rock"))


def facts(taken: Any) -> Any:
    return decode_facts(taken.value)


def test_an_owner_takes_the_command_behind_its_watermark() -> None:
    of = owner()
    taken = took(of, sent(0, CREATE))
    assert of.watermark == 0
    assert of.cursor == Cursor(FIRST, 0)
    assert taken.key == CREATE.key.encode()
    assert (taken.rejection, taken.letter) == (None, None)
    assert mark(taken.headers) == OutcomeMark(FIRST, cause=0, after=-1)
    assert dict(taken.headers)["ce_id"] == b"0-0"


def test_outcomes_are_chained() -> None:
    of = owner(partition=7)
    took(of, sent(0, CREATE))
    taken = took(of, sent(1, JOIN))
    assert mark(taken.headers) == OutcomeMark(FIRST, cause=1, after=0)
    assert dict(taken.headers)["ce_id"] == b"7-1"


TRACE = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def traced(trace: bytes | None) -> Any:
    offset, at, record = sent(0, CREATE)
    headers: list[Any] = [*record.headers, ("traceparent", trace), ("other", b"")]
    return Sent(offset, at, record._replace(headers=headers))


def test_an_outcome_goes_on_with_its_commands_trace() -> None:
    assert dict(took(owner(), traced(TRACE)).headers)["traceparent"] == TRACE
    assert "traceparent" not in dict(took(owner(), sent(0, CREATE)).headers)


def test_an_unreadable_commands_outcome_has_its_trace_too() -> None:
    _, at, record = traced(TRACE)
    taken = took(owner(), Sent(0, at, record._replace(value=b"{")))
    assert taken.letter == Code.UNREADABLE
    assert dict(taken.headers)["traceparent"] == TRACE


@pytest.mark.parametrize("trace", [None, b"", b"secret", TRACE.upper(), TRACE + b"-more", b"x" * 60_000])
def test_what_is_no_trace_does_not_reach_the_outcome(trace: bytes | None) -> None:
    taken = took(owner(), traced(trace))
    assert "traceparent" not in dict(taken.headers)
    assert taken.rejection is None


def test_a_trace_changes_nothing_that_is_compared() -> None:
    plain, with_trace = took(owner(), sent(0, CREATE)), took(owner(), traced(TRACE))
    assert (plain.key, plain.value) == (with_trace.key, with_trace.value)


def test_a_command_that_has_its_outcome_is_skipped() -> None:
    of = owner()
    first = sent(0, CREATE)
    took(of, first)
    took(of, sent(1, JOIN))
    assert take(of, first) is None
    assert take(of, sent(1, JOIN)) is None
    assert of.watermark == 1


@given(runs(), st.integers(1, 8), st.integers(0, 3))
def test_commands_taken_together_get_what_they_get_one_by_one(told: Told, at_once: int, had: int) -> None:
    lines = [line(offset, step) for offset, step in enumerate(told.steps)]
    alone, together = owner(), owner()
    expected = [alone.take(one.offset, one.timestamp, one.key, one.value, one.headers) for one in lines]
    with patch.object(owners, "AT_ONCE", at_once):
        begun = [*chain(*together.take_all(lines[:had]))]
        assert begun + [*chain(*together.take_all(lines))][had:] == expected
    assert [*chain(*together.take_all(lines))] == [None] * len(lines)
    assert image(together.state) == image(alone.state)
    assert together.cursor == alone.cursor


@pytest.mark.parametrize("offset", [1, 2, 100])
def test_an_owner_that_would_skip_a_command_gives_up(offset: int) -> None:
    of = owner()
    with pytest.raises(Gap):
        take(of, sent(offset, CREATE))
    assert of.watermark == -1
    assert of.state == State()


def test_batches_must_land_one_after_the_other_behind_the_fence() -> None:
    of = owner(fence=Fence(41, "mine"))
    of.landed(42, 3)
    of.landed(45, 1)
    assert of.landing == 46


@pytest.mark.parametrize("offset", [41, 43, 1000])
def test_a_batch_that_landed_elsewhere_ends_the_ownership(offset: int) -> None:
    of = owner(fence=Fence(41, "mine"))
    with pytest.raises(Displaced):
        of.landed(offset, 1)
    assert of.landing == 42


def test_time_is_the_brokers_and_never_runs_backwards() -> None:
    of = owner()
    assert facts(took(of, sent(0, CREATE, AT)))["at"] == AT
    assert facts(took(of, sent(1, JOIN, AT - 5000)))["at"] == AT
    assert facts(took(of, sent(2, ROCK, AT + 1)))["at"] == AT + 1


@pytest.mark.parametrize(
    ("key", "value", "headers", "reason"),
    [
        (b"k", b"{", [("ce_id", b"1"), ("ce_type", b"org.playlog.match.join.v1")], Code.UNREADABLE),
        (None, None, [], Code.UNREADABLE),
        (b"\xff", b"\xff\x00", [("ce_id", b"\xff")], Code.UNREADABLE),
        (b"k", b"{}", [("ce_id", b"1"), ("ce_type", b"org.playlog.match.fly.v1")], Code.UNSUPPORTED_VERSION),
        (b"k", b" " * 5000, [("ce_id", b"1"), ("ce_type", b"org.playlog.match.join.v1")], Code.TOO_LARGE),
        (b"k", b"{}", [("ce_id", b"1"), ("ce_type", None)], Code.UNSUPPORTED_VERSION),
    ],
)
def test_what_cannot_be_read_has_an_outcome_and_goes_to_the_dead_letters(
    key: Any, value: Any, headers: Any, reason: Code
) -> None:
    of = owner()
    taken = of.take(0, AT, key, value, headers)
    assert taken is not None
    assert taken.letter == taken.rejection == reason
    assert taken.key == key
    assert facts(taken)["player"] is None
    assert of.watermark == 0
    assert took(of, sent(1, CREATE)).rejection is None


def test_a_command_in_the_wrong_place_goes_to_the_dead_letters() -> None:
    of = owner(at_home=lambda match: match != CREATE.key)
    taken = took(of, sent(0, CREATE))
    assert taken.letter == taken.rejection == Code.WRONG_KEY
    stray = CREATE._replace(key=create("other").key)
    assert took(of, sent(1, stray)).letter == Code.WRONG_KEY
    assert took(of, sent(2, JOIN)).letter == Code.WRONG_KEY


def test_a_command_that_the_rules_refuse_stays_out_of_the_dead_letters() -> None:
    of = owner()
    taken = took(of, sent(0, JOIN))
    assert (taken.rejection, taken.letter) == (Code.UNKNOWN_MATCH, None)


def test_an_outcome_that_the_topic_would_refuse_becomes_a_rejection(monkeypatch: pytest.MonkeyPatch) -> None:
    of = owner()
    took(of, sent(0, CREATE))
    before = of.state.matches[CREATE.key].table
    monkeypatch.setattr(owners, "OUTCOME_LIMIT", 300)
    taken = took(of, sent(1, JOIN))
    assert taken.rejection == taken.letter == Code.TOO_LARGE
    assert (facts(taken)["events"], facts(taken)["version"]) == ((), 1)
    assert of.state.matches[CREATE.key].table == before
    monkeypatch.undo()
    again = took(of, sent(2, JOIN))
    assert (again.rejection, facts(again)["duplicate_of"]) == (Code.TOO_LARGE, 1)


def test_an_oversized_rejection_stays_a_rejection_with_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    of = owner()
    took(of, sent(0, CREATE))
    monkeypatch.setattr(owners, "OUTCOME_LIMIT", 10)
    taken = took(of, sent(1, CREATE._replace(id=uid("again"), player=BOB)))
    assert (taken.rejection, facts(taken)["version"]) == (Code.TOO_LARGE, 1)


def test_a_reader_of_the_log_knows_what_the_owner_knows() -> None:
    of = owner()
    taken = [took(of, sent(offset, command)) for offset, command in enumerate((CREATE, JOIN, ROCK, ROCK))]
    reader = restored(*taken)
    assert reader.state == of.state
    assert reader.cursor == of.cursor
    assert reader.next == 5


def test_a_match_needs_its_timer_at_its_deadline() -> None:
    of = owner()
    took(of, sent(0, CREATE))
    hour = AT + 3_600_000
    assert of.due(hour - 1) == []
    assert of.due(hour) == [(CREATE.key, hour)]


def test_a_restored_owner_has_its_matches_timers() -> None:
    of = owner()
    took(of, sent(0, CREATE))
    took(of, sent(1, JOIN))
    heir = Owner(0, Fence(9, "heir"), of.state, of.watermark, anywhere)
    assert heir.due(AT + 30_000) == [(CREATE.key, AT + 30_000)]


def test_a_closed_or_forgotten_match_needs_none() -> None:
    of = owner()
    took(of, sent(0, CREATE))
    took(of, sent(1, CREATE._replace(id=uid("resign"), word=Resign())))
    assert of.due(AT + 10**9) == []
    assert Owner(0, Fence(9, "heir"), of.state, 1, anywhere).due(AT + 10**9) == []
    of = owner()
    took(of, sent(0, CREATE))
    of.state.matches.clear()
    assert of.due(AT + 10**9) == []


def test_a_dead_letter_says_where_it_came_from_and_why() -> None:
    consumed = SimpleNamespace(partition=3, offset=9, key=b"k", value=None, headers=(("ce_id", b"1"),))
    parked = letter(MATCHES, consumed, "unreadable")
    assert (parked.key, parked.value) == (b"k", b"")
    assert parked.headers[0] == ("ce_id", b"1")
    assert {name: raw.decode() for name, raw in parked.headers[1:]} == {
        "__dlq.errors.topic": "playlog.matches.commands",
        "__dlq.errors.partition": "3",
        "__dlq.errors.offset": "9",
        "__dlq.errors.group": "engine-matches",
        "__dlq.errors.message": "command rejected: unreadable",
        "playlog-dlq-reason": "unreadable",
        "playlog-dlq-redrive-count": "0",
    }


def test_a_letter_is_never_longer_than_its_topic_takes() -> None:
    common: dict[str, Any] = {"partition": 0, "offset": 1, "key": b"m", "headers": []}
    whole = letter(MATCHES, SimpleNamespace(value=b"x" * COMMAND_BYTES, **common), "too_large")
    assert len(whole.value) == COMMAND_BYTES
    assert "playlog-dlq-cut" not in dict(whole.headers)
    cut = letter(MATCHES, SimpleNamespace(value=b"x" * 200_000, **common), "too_large")
    assert len(cut.value) == COMMAND_BYTES
    assert dict(cut.headers)["playlog-dlq-cut"] == b"200000"


def test_an_outcome_names_its_player_and_never_the_chance() -> None:
    taken = took(owner(), sent(0, CREATE._replace(entropy="deadbeef" * 4)))
    assert orjson.loads(taken.value)["player"] == ANN
    assert b"deadbeef" not in taken.value
