"""Which part of a partition a person wants, in rpk's notation for `--offset`; pure."""

import re
from datetime import UTC, datetime
from typing import NamedTuple

HELP = """start (all, the default), end (only what comes from now on), N or N: (from offset N), :N (before N), A:B (from A, before B), +N (the first N), -N (the last N); @T, @T:, @:T, @T1:T2 by time, T being Unix seconds or milliseconds, 2026-11-21, an RFC 3339 time, or -90s, -15m, -2h, -7d ago. Offsets and counts are per partition."""  # noqa: E501

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
MOMENT = r"\d{9,10}|\d{13}|-\d+[smhd]|\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d))?"
TIMES = re.compile(rf"@(?P<since>{MOMENT})?(?P<colon>:)?(?P<until>{MOMENT})?")
OFFSETS = re.compile(r"(?P<first>\d{1,18})?(?P<colon>:)?(?P<last>\d{1,18})?")
RELATIVE = re.compile(r"(?P<sign>[+-])(?P<count>\d{1,18})")


class NoRange(ValueError):
    """The text is not a range; the message says what would be."""


class Range(NamedTuple):
    """From offset `first` (a negative one counts from the end) to before `last`; None is no bound.

    since, until: the same by effective time, Unix milliseconds.  from_end: only what is not there yet.
    """

    first: int | None = None
    last: int | None = None
    since: int | None = None
    until: int | None = None
    from_end: bool = False

    def offsets(self, end: int) -> tuple[int, int | None]:
        """The first offset wanted, and the one that is no longer, of a partition that ends at `end` now."""
        first = end if self.from_end else self.first or 0
        return (max(0, end + first) if first < 0 else first), self.last


def parse(text: str, now_ms: int) -> Range:
    """Read a range; raises NoRange. `now_ms` is what relative times count from."""
    if text in ("start", ""):
        return Range()
    if text == "end":
        return Range(from_end=True)
    if found := RELATIVE.fullmatch(text):
        count = int(found["count"])
        return Range(last=count) if found["sign"] == "+" else Range(first=-count, from_end=count == 0)
    if found := OFFSETS.fullmatch(text):
        return _whole(Range(first=_number(found["first"]), last=_number(found["last"])), found)
    if found := TIMES.fullmatch(text):
        since, until = (moment(text, now_ms) if text else None for text in found.group("since", "until"))
        return _whole(Range(since=since, until=until), found)
    raise NoRange(f"{text!r} is no range: {HELP}")


def _whole(found: Range, text: "re.Match[str]") -> Range:
    """`last` needs its colon, and something must stand beside it; the end is not before the beginning."""
    bounds = [bound for bound in found[:4] if bound is not None]
    second = found.last if found.last is not None else found.until
    if not bounds or (second is not None and not text["colon"]) or bounds != sorted(bounds):
        raise NoRange(f"{text[0]!r} is no range: {HELP}")
    return found


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def moment(text: str, now_ms: int) -> int:
    """A time as Unix milliseconds; raises NoRange where the calendar has no such day."""
    if text.startswith("-"):
        return now_ms - int(text[1:-1]) * UNITS[text[-1]] * 1000
    if text.isdigit():
        return int(text) * (1 if len(text) == 13 else 1000)
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise NoRange(f"{text!r} is no time: {error}") from error
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)
