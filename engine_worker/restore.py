"""Rebuild a partition's state by folding its accepted outcomes; pure, fed with records in offset order."""

from collections import Counter
from dataclasses import dataclass, field

from engine_worker.judge import State, fold
from schemas.codec import JUDGE_VERSION, Headers, decode_facts, judge_version, mark
from schemas.log import START, Cursor, Ignored, read


class NewerLog(Exception):
    """The log was judged by a newer version of the rules than this worker knows: it must not go on."""


@dataclass
class Restored:
    """A partition's fold so far: `next` is the offset to read on from, `covered` that of the newest checkpoint."""

    state: State = field(default_factory=State)
    cursor: Cursor = START
    next: int = 0
    ignored: Counter[str] = field(default_factory=Counter)
    covered: int = 0

    def feed(self, offset: int, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        """Take in the record at `offset`. Raises NewerLog."""
        self.next = offset + 1
        after = read(self.cursor, offset, mark(headers))
        if isinstance(after, Ignored):
            self.ignored[after] += 1
            return
        if after.watermark != self.cursor.watermark:
            self._fold(offset, after.watermark, key, value or b"", headers)
        self.cursor = after

    def _fold(self, offset: int, cause: int, key: bytes | None, value: bytes, headers: Headers) -> None:
        version = judge_version(headers)
        if version > JUDGE_VERSION:
            raise NewerLog(f"the outcome at {offset} was judged by rules {version}, this is {JUDGE_VERSION}")
        text = key.decode("ascii", "replace") if key is not None else None
        fold(self.state, text, cause, decode_facts(value))
