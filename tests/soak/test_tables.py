"""Scripted tables: both games, every command, some clumsiness; and the checker's own rules accept most of it."""

from collections import Counter
from itertools import islice

from tests.proof.evidence import Record
from tests.proof.rules import words
from tests.proof.rules.ids import match_id, partition_of
from tests.proof.rules.partition import Expected, Partition
from tests.soak.tables import Sendable, matches, ties

COUNT = 6_000


def judged(found: list[Sendable]) -> list[Expected]:
    """As if all lay in one partition, a second apart."""
    naive = Partition(lambda _: True)
    return [
        naive.judge(Record(0, offset, 1_000 * offset, sent.record.key, sent.record.value, (*sent.record.headers,)))
        for offset, sent in enumerate(found)
    ]


def test_the_same_seed_sends_the_same_bytes() -> None:
    assert [*islice(matches(1, 0), 500)] == [*islice(matches(1, 0), 500)]
    assert [*islice(matches(1, 0), 500)] != [*islice(matches(2, 0), 500)]


def test_all_words_of_both_games_are_sent_and_most_are_accepted() -> None:
    found = [*islice(matches(1, 0, at_once=20), COUNT)]
    expected = judged(found)
    kinds = Counter(event["type"] for one in expected for event in one.events)
    assert {"rps.shape-thrown.v1", "rpsfw.shape-thrown.v1", "match.ended.v1", "match.restarted.v1"} <= kinds.keys()
    codes = Counter(one.code for one in expected)
    assert codes[None] > 0.8 * COUNT
    assert {"unreadable", "not_seated", "ended"} <= codes.keys()
    assert sum(one.duplicate_of is not None for one in expected) > 0.005 * COUNT


def test_what_opens_a_match_says_so_and_everything_goes_to_its_partition() -> None:
    for sent in islice(matches(1, 0), 2000):
        key = (sent.record.key or b"").decode()
        assert sent.partition == partition_of(key, 12)
        assert sent.opens in (None, key)
        assert sent.opens is None or match_id(sent.command) == key


def test_ties_go_on_for_ever_at_the_same_tables() -> None:
    found = [*islice(ties(1, 0, tables=4), 2000)]
    expected = judged(found)
    assert {one.code for one in expected} == {None}
    assert len({sent.record.key for sent in found}) == 4
    assert all(isinstance(words.read(Record(0, 0, 0, *one.record)), words.Command) for one in found)  # type: ignore[arg-type]
