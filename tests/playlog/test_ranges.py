"""Ranges in rpk's notation."""

import pytest

from playlog.ranges import NoRange, Range, parse

NOW = 1_790_000_000_000
DAY = 86_400_000
END = 100


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("start", 0, None),
        ("", 0, None),
        ("end", END, None),
        ("5", 5, None),
        ("5:", 5, None),
        (":5", 0, 5),
        ("5:8", 5, 8),
        ("0:0", 0, 0),
        ("+10", 0, 10),
        ("-10", END - 10, None),
        ("-500", 0, None),
        ("-0", END, None),
    ],
)
def test_offsets(text: str, first: int, last: int | None) -> None:
    assert parse(text, NOW).offsets(END) == (first, last)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("@1700000000", 1_700_000_000_000, None),
        ("@1700000000000:", 1_700_000_000_000, None),
        ("@:1700000000", None, 1_700_000_000_000),
        ("@-1h", NOW - 3_600_000, None),
        ("@-2d:-15m", NOW - 2 * DAY, NOW - 900_000),
        ("@2026-11-21:2026-11-22", 1_795_219_200_000, 1_795_219_200_000 + DAY),
        ("@2026-11-21T00:00:00Z:2026-11-21T01:00+01:00", 1_795_219_200_000, 1_795_219_200_000),
        ("@2026-11-21T00:00:00.250Z", 1_795_219_200_250, None),
    ],
)
def test_times(text: str, since: int | None, until: int | None) -> None:
    assert parse(text, NOW) == Range(since=since, until=until)


@pytest.mark.parametrize(
    "text",
    [
        ":",
        "@",
        "@:",
        "8:5",
        "x",
        "5-8",
        "--5",
        "+",
        "1.5",
        "@5",
        "@2026-13-01",
        "@1700000001:1700000000",
        "9" * 20,
    ],
)
def test_what_is_no_range_says_what_would_be(text: str) -> None:
    with pytest.raises(NoRange):
        parse(text, NOW)
