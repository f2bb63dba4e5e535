"""A poll's outcomes become as few record batches as the limit allows, none left out, in their order."""

from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from engine_worker.judge import State
from engine_worker.outgoing import Outgoing
from engine_worker.owner import Owner, Taken
from schemas.log import Fence

LIMIT = 1000


def collected(*outcomes: Taken) -> Outgoing:
    owner = Owner(3, Fence(7, "f"), State(), -1, lambda _: True)
    outgoing = Outgoing(owner, lambda: BatchBuilder(LIMIT, 0))
    for taken in outcomes:
        outgoing.add([taken])
    return outgoing


def taken(number: int, size: int = 300, rejection: str | None = None) -> Taken:
    return Taken(b"match-%d" % number, b"%d" % number * size, [("playlog-cause", b"%d" % number)], rejection, None)


def written(outgoing: Outgoing) -> list[tuple[bytes | None, bytes | None]]:
    """Keys and values as a reader of the log finds them."""
    found: list[tuple[bytes | None, bytes | None]] = []
    for batch in outgoing.batches:
        records = MemoryRecords(bytes(batch._build()))
        while (read := records.next_batch()) is not None:
            found += [(record.key, record.value) for record in read]
    return found


def test_what_does_not_fit_goes_into_the_next_batch() -> None:
    outcomes = [taken(number) for number in range(8)]
    outgoing = collected(*outcomes)
    assert written(outgoing) == [(one.key, one.value) for one in outcomes]
    counts = [batch.record_count() for batch in outgoing.batches]
    assert len(counts) > 1
    assert sum(counts) == len(outgoing) == 8


def test_only_what_begins_another_batch_says_that_one_can_be_sent() -> None:
    outgoing = collected()
    told = [outgoing.add([taken(number)]) for number in range(8)]
    assert told.count(True) == len(outgoing.batches) - 1 > 1
    assert not told[0]


def test_a_group_may_begin_several_batches() -> None:
    outgoing = collected()
    outcomes = [taken(number) for number in range(8)]
    assert outgoing.add([None, *outcomes[:1]]) is False
    assert outgoing.add(outcomes[1:]) is True
    assert written(outgoing) == [(one.key, one.value) for one in outcomes]
    assert outgoing.add([None]) is False


def test_an_outcome_above_the_limit_has_a_batch_of_its_own() -> None:
    outgoing = collected(taken(1), taken(2, size=2 * LIMIT), taken(3))
    assert [key for key, _ in written(outgoing)] == [b"match-1", b"match-2", b"match-3"]
    assert [batch.record_count() for batch in outgoing.batches] == [1, 1, 1]


def test_the_last_outcome_and_the_rejected_ones_are_known() -> None:
    outcomes = [taken(1), taken(2, rejection="not_seated"), taken(3, rejection="ended"), taken(4)]
    outgoing = collected(*outcomes)
    assert outgoing.last is outcomes[-1]
    assert outgoing.rejected == 2


def test_where_nothing_was_taken_there_is_no_batch() -> None:
    outgoing = collected()
    assert outgoing.add([None, None]) is False
    assert (outgoing.batches, len(outgoing), outgoing.last) == ([], 0, None)
