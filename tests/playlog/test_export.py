"""Replay's lines: which outcomes are chosen, and how each is written."""

import orjson

from playlog.accepted import Acceptance
from playlog.export import Wanted, lines
from playlog.ranges import parse
from tests.playlog.logs import NOW, Line, Partition, played


def printed(log: Partition, offset: str = "start", key: bytes | None = None) -> list[dict[str, object]]:
    wanted = Wanted.of(parse(offset, NOW), len(log.outcomes), key)
    found = Acceptance().feed(log.outcomes[: wanted.end(len(log.outcomes))])
    raw = b"".join(lines(3, found, wanted))
    return [orjson.loads(line) for line in raw.splitlines()]


def test_every_accepted_outcome_is_one_line_with_its_place() -> None:
    log = played(matches=1, moves=4)
    found = printed(log)
    assert [line["cause"] for line in found] == list(range(6))
    assert [line["offset"] for line in found] == list(range(1, 7))
    assert {line["partition"] for line in found} == {3}
    assert [line["outcome"] for line in found] == [orjson.loads(one.value or b"") for one in log.outcomes[1:]]


def test_a_range_chooses_among_what_the_rule_accepts() -> None:
    log = played(matches=1, moves=4)
    assert [line["offset"] for line in printed(log, "2:4")] == [2, 3]
    assert [line["offset"] for line in printed(log, "-2")] == [5, 6]
    assert printed(log, "end") == []


def test_a_match_is_chosen_by_its_key() -> None:
    log = played(matches=2, moves=4)
    key = log.commands[-1].key
    assert {line["key"] for line in printed(log, key=key)} == {(key or b"").decode()}
    assert len(printed(log, key=key)) == 6


def test_time_is_the_effective_time_of_the_outcome() -> None:
    log = Partition()
    log.commands = [line.but(timestamp=NOW + 1000 * line.offset) for line in played(matches=1, moves=4).commands]
    log.judge(log.owner("first"))
    since, until = NOW + 1000, NOW + 3000
    assert [line["cause"] for line in printed(log, f"@{since}:{until}")] == [1, 2]


def test_a_value_with_line_breaks_still_makes_one_line() -> None:
    log = played(matches=1, moves=2)
    broken = (log.outcomes[1].value or b"").replace(b",", b",\n")
    log.outcomes[1] = log.outcomes[1].but(value=broken)
    assert len(printed(log)) == 4


def test_an_odd_key_is_written_as_text_and_none_as_null() -> None:
    log = played(matches=1, moves=2)
    log.outcomes[1] = log.outcomes[1].but(key=b'\xff"')
    log.outcomes[2] = Line(2, None, log.outcomes[2].value, log.outcomes[2].headers)
    assert [line["key"] for line in printed(log)][:2] == ['�"', None]
