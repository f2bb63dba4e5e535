"""A resuming reader goes on only in the log that it has read: what was cut away or came in its place is seen."""

import pytest

from engine_worker.owner import Owner, Taken
from infra.kafka.progress import accept
from schemas.codec import encode_fence
from schemas.log import Fence
from session_worker.project import RULE, START, confirm
from tests.engine_worker.partition import FENCE_RECORD, owner, sent, took
from tests.session_worker.author import Line
from tests.words import AT, create, throw, uid

COMMANDS = [create(), *(create()._replace(id=uid(n), word=throw("rock")) for n in range(4))]
FOREIGN: tuple[None, bytes, list[tuple[str, bytes]]] = (None, b"x", [("ce_type", b"somebody.else.v1")])


def taken(of: Owner, count: int) -> list[Taken]:
    return [
        took(of, sent(offset, COMMANDS[offset])) for offset in range(of.watermark + 1, of.watermark + 1 + count)
    ]


def lines(*records: object) -> list[Line]:
    """A log of these records: outcomes that were taken, fences, foreign ones."""
    found = []
    for offset, record in enumerate(records):
        key, value, headers = record[:3]  # type: ignore[index]
        found.append(Line(offset, key, value, headers, AT))
    return found


A, B, C = taken(owner(), 3)
HEIR = encode_fence("heir", "engine-2", AT)
READ = lines(FENCE_RECORD, FOREIGN, A, B, FOREIGN)


def kept(log: list[Line], following: int) -> bool | None:
    """Whether a reader that has read READ up to `following` goes on in `log`."""
    place = accept(RULE, START, READ[:following]).progress
    return confirm(place, log[:following])


@pytest.mark.parametrize("following", range(1, len(READ) + 1))
def test_the_log_that_was_read_is_known_again(following: int) -> None:
    assert kept(READ, following) is True


@pytest.mark.parametrize("following", range(3, len(READ) + 1))
def test_a_part_of_the_log_may_leave_it_open(following: int) -> None:
    place = accept(RULE, START, READ[:following]).progress
    verdicts = [confirm(place, READ[first:following]) for first in range(following)]
    assert False not in verdicts
    assert verdicts[0] is True


def test_another_fence_above_the_remembered_one_is_another_log() -> None:
    assert kept(lines(FENCE_RECORD, FOREIGN, A, HEIR, FOREIGN), 5) is False


def test_another_fence_in_its_place_is_another_log() -> None:
    other = taken(owner(fence=Fence(0, "other")), 2)
    assert kept(lines(encode_fence("other", "engine-1", AT), FOREIGN, *other, FOREIGN), 5) is False


def test_an_outcome_that_was_not_read_yet_lies_in_another_log() -> None:
    assert kept(lines(FENCE_RECORD, FOREIGN, A, B, C), 5) is False


def test_a_first_outcome_in_a_foreign_records_place_lies_in_another_log() -> None:
    assert kept(lines(FENCE_RECORD, A), 2) is False


def test_an_outcome_with_other_bytes_is_another_log() -> None:
    assert kept(lines(FENCE_RECORD, FOREIGN, A, (B.key, B.value + b" ", B.headers), FOREIGN), 5) is False


def test_a_log_without_the_last_accepted_outcome_is_another_log() -> None:
    assert kept(lines(FENCE_RECORD, FOREIGN, A, FOREIGN, FOREIGN), 5) is False


def test_where_no_fence_was_read_there_must_be_none() -> None:
    before = lines(FOREIGN, FOREIGN, FOREIGN)
    place = accept(RULE, START, before).progress
    assert confirm(place, before) is True
    assert confirm(place, before[1:]) is None
    assert confirm(place, lines(FENCE_RECORD, A, FOREIGN)) is False


def test_a_fence_taken_up_after_the_last_outcome_is_looked_beyond() -> None:
    heir = Owner(0, Fence(3, "heir"), owner().state, 0, lambda _: True)
    assert heir.watermark == 0
    log = lines(FENCE_RECORD, FOREIGN, A, HEIR, FOREIGN)
    place = accept(RULE, START, log).progress
    assert confirm(place, log) is True
    assert confirm(place, log[3:]) is None
    assert confirm(place, lines(FENCE_RECORD, FOREIGN, FOREIGN, HEIR, FOREIGN)) is False


def test_a_stale_record_about_the_last_command_is_passed_over() -> None:
    stale = (A.key, A.value + b" ", taken(owner(fence=Fence(9, "gone")), 1)[0].headers)
    log = lines(FENCE_RECORD, A, stale, HEIR)
    place = accept(RULE, START, log).progress
    assert confirm(place, log) is True
