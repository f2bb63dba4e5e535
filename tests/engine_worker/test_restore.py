"""Restoring folds what every reader accepts, counts what it ignores, and refuses a log newer than its rules."""

import pytest

from engine_worker.owner import Owner
from engine_worker.restore import NewerLog, Restored
from schemas.codec import JUDGE_VERSION, encode_fence
from schemas.log import START, Cursor, Fence, Ignored
from schemas.match import Join
from tests.engine_worker.partition import FENCE_RECORD, FIRST, owner, restored, sent, took
from tests.engine_worker.runs import anywhere
from tests.words import AT, BOB, create, throw, uid

CREATE = create()
JOIN = CREATE._replace(id=uid("join"), player=BOB, word=Join())
ROCK = CREATE._replace(id=uid("rock"), word=throw("rock"))


def test_before_the_first_record_nothing_is_known() -> None:
    fresh = Restored()
    assert (fresh.cursor, fresh.next, fresh.state.matches) == (START, 0, {})


def test_a_heir_goes_on_where_the_log_ends() -> None:
    of = owner()
    taken = [took(of, sent(0, CREATE)), took(of, sent(1, JOIN))]
    reader = restored(*taken)
    reader.feed(3, *encode_fence("heir", "engine-2", AT))
    heir = Owner(0, Fence(3, "heir"), reader.state, reader.cursor.watermark, anywhere)
    assert reader.cursor == heir.cursor == Cursor(Fence(3, "heir"), 1)
    assert took(heir, sent(2, ROCK)).value == took(of, sent(2, ROCK)).value


def test_what_the_log_does_not_have_the_heir_judges_again() -> None:
    of = owner()
    first, lost = took(of, sent(0, CREATE)), took(of, sent(1, JOIN))
    reader = restored(first)
    reader.feed(2, *encode_fence("heir", "engine-2", AT))
    heir = Owner(0, Fence(2, "heir"), reader.state, reader.cursor.watermark, anywhere)
    assert took(heir, sent(1, JOIN)).value == lost.value


def test_stale_doubled_and_unchained_outcomes_are_ignored_and_counted() -> None:
    of = owner()
    first, second, third = (took(of, sent(i, command)) for i, command in enumerate((CREATE, JOIN, ROCK)))
    stale = took(owner(fence=Fence(0, "somebody")), sent(0, CREATE))
    reader = restored(stale, first, first, third, second)
    reader.feed(6, b"x", b"y", [])
    assert reader.ignored == {
        Ignored.STALE_FENCE: 1,
        Ignored.REPEATED: 1,
        Ignored.BROKEN_CHAIN: 1,
        Ignored.FOREIGN: 1,
    }
    assert reader.cursor == Cursor(FIRST, 1)
    assert reader.next == 7


def test_a_log_judged_by_newer_rules_stops_the_worker() -> None:
    taken = took(owner(), sent(0, CREATE))
    newer = [(n, b"%d" % (JUDGE_VERSION + 1) if n == "playlog-rules" else v) for n, v in taken.headers]
    reader = Restored()
    reader.feed(0, *FENCE_RECORD)
    with pytest.raises(NewerLog):
        reader.feed(1, taken.key, taken.value, newer)


def test_an_ignored_record_of_newer_rules_stops_nobody() -> None:
    taken = took(owner(fence=Fence(0, "somebody")), sent(0, CREATE))
    newer = [(n, b"99" if n == "playlog-rules" else v) for n, v in taken.headers]
    reader = Restored()
    reader.feed(0, *FENCE_RECORD)
    reader.feed(1, taken.key, taken.value, newer)
    assert reader.ignored == {Ignored.STALE_FENCE: 1}


def test_an_outcome_of_an_unreadable_command_folds_whatever_its_key_was() -> None:
    of = owner()
    nothing = of.take(0, AT, None, None, [])
    strange = of.take(1, AT, b"\xff\x01", b"{", [("ce_id", b"1")])
    assert nothing is not None
    assert strange is not None
    reader = restored(nothing, strange)
    assert reader.state == of.state
    assert reader.cursor.watermark == 1
