"""The reader rule, sentence by sentence; its laws over many readers are in tests/model."""

from schemas.log import START, Cursor, Fence, FenceMark, Ignored, OutcomeMark, read

OLD, NEW = Fence(3, "old"), Fence(9, "new")
HERE = Cursor(NEW, 5)


def test_a_fence_makes_its_writer_the_owner_and_moves_no_watermark() -> None:
    assert read(Cursor(OLD, 5), 9, FenceMark("new")) == HERE


def test_the_successor_by_the_owner_counts() -> None:
    assert read(HERE, 10, OutcomeMark(NEW, cause=6, after=5)) == Cursor(NEW, 6)


def test_the_first_outcome_of_all_comes_after_minus_one() -> None:
    cursor = read(START, 0, FenceMark("new"))
    assert isinstance(cursor, Cursor)
    assert read(cursor, 1, OutcomeMark(Fence(0, "new"), cause=0, after=-1)) == Cursor(Fence(0, "new"), 0)


def test_a_stale_owners_outcome_does_not_count() -> None:
    assert read(HERE, 10, OutcomeMark(OLD, cause=6, after=5)) is Ignored.STALE_FENCE


def test_a_fence_is_named_by_its_place_and_its_id() -> None:
    assert read(HERE, 10, OutcomeMark(Fence(9, "other"), cause=6, after=5)) is Ignored.STALE_FENCE
    assert read(HERE, 10, OutcomeMark(Fence(8, "new"), cause=6, after=5)) is Ignored.STALE_FENCE


def test_before_any_fence_no_outcome_counts() -> None:
    assert read(START, 0, OutcomeMark(NEW, cause=0, after=-1)) is Ignored.STALE_FENCE


def test_a_gap_breaks_the_chain() -> None:
    assert read(HERE, 10, OutcomeMark(NEW, cause=7, after=6)) is Ignored.BROKEN_CHAIN


def test_a_doubled_outcome_does_not_count() -> None:
    assert read(HERE, 10, OutcomeMark(NEW, cause=5, after=4)) is Ignored.REPEATED


def test_an_outcome_below_the_watermark_does_not_count_whatever_it_claims() -> None:
    assert read(HERE, 10, OutcomeMark(NEW, cause=4, after=5)) is Ignored.REPEATED


def test_a_record_that_is_neither_fence_nor_outcome_does_not_count() -> None:
    assert read(HERE, 10, None) is Ignored.FOREIGN
