"""Judges commands again, one partition at a time, and compares with the outcomes that were accepted; pure.

The engine's own `Owner` does it: decode, judge, encode and fold are what ran when the outcomes were written.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine_worker.judge import State
from engine_worker.owner import Owner
from infra.kafka.client import partition_of
from infra.kafka.progress import Record
from playlog.accepted import Acceptance, Accepted
from schemas.codec import JUDGE_VERSION, judge_version
from schemas.log import Fence
from schemas.topics import PARTITIONS

NOBODY = Fence(-1, "")  # re-execution owns nothing: what it makes is compared, never written


@dataclass(frozen=True)
class Difference:
    """Where log and re-execution part. `kind`: bytes, skipped, headless, rules.

    bytes: key or value differ.  skipped: the next outcome answers a later command.  headless: its command is
    not in the log.  rules: it was judged by rules that this program does not know.
    """

    kind: str
    partition: int
    command_offset: int
    outcome_offset: int
    found: tuple[bytes | None, bytes | None]
    expected: tuple[bytes | None, bytes | None]

    def document(self) -> dict[str, Any]:
        """For machines and people alike."""
        return {
            "kind": self.kind,
            "partition": self.partition,
            "command_offset": self.command_offset,
            "outcome_offset": self.outcome_offset,
            "found": _shown(self.found),
            "expected": _shown(self.expected),
        }


def _shown(pair: tuple[bytes | None, bytes | None]) -> dict[str, str | None]:
    key, value = (None if part is None else part.decode("utf-8", "backslashreplace") for part in pair)
    return {"key": key, "value": value}


@dataclass
class Findings:
    """What a re-execution says of the log. pending: commands that have no outcome yet."""

    matched: int = 0
    pending: int = 0
    ignored: Counter[str] = field(default_factory=Counter)
    difference: Difference | None = None


class Reexecution:
    """One partition. Memory: its live matches, and the outcomes read ahead of their commands."""

    def __init__(self, partition: int) -> None:
        self.findings = Findings()
        self.acceptance = Acceptance()
        self._partition = partition
        self._owner = Owner(partition, NOBODY, State(), -1, self._at_home)
        self._waiting: list[Accepted] = []
        self._place = 0

    def _at_home(self, match: str) -> bool:
        return partition_of(match.encode(), PARTITIONS) == self._partition

    @property
    def ahead(self) -> int:
        """Outcomes whose commands have not come yet."""
        return len(self._waiting) - self._place

    def outcomes(self, records: Iterable[Record]) -> None:
        """Take the outcome records that come next."""
        del self._waiting[: self._place]
        self._place = 0
        self._waiting += self.acceptance.feed(records)

    def commands(self, records: Sequence[Record]) -> Sequence[Record]:
        """Judge the commands that come next while there are outcomes to compare; returns those left over.

        Raises Gap where the log of commands has a hole.
        """
        for index, record in enumerate(records):
            if not self.ahead or self.findings.difference is not None:
                return records[index:]
            self._compare(record, self._waiting[self._place])
        self._owner.due(self._owner.state.at)  # forgets the timers of matches that are gone
        return ()

    def end(self, commands_end: int) -> Findings:
        """What was found, once everything was fed; `commands_end` as it was when the outcomes had ended."""
        cursor, findings = self.acceptance.cursor, self.findings
        findings.ignored = self.acceptance.ignored
        findings.pending = max(0, commands_end - cursor.watermark - 1)
        if findings.difference is None and self.ahead:
            self._differ("headless", self._waiting[self._place], self._owner.watermark + 1, (None, None))
        return findings

    def _compare(self, command: Record, accepted: Accepted) -> None:
        cause, outcome = accepted
        if judge_version(outcome.headers) != JUDGE_VERSION:
            self._differ("rules", accepted, command.offset, (None, b"rules %d" % JUDGE_VERSION))
            return
        taken = self._owner.take(command.offset, command.timestamp, command.key, command.value, command.headers)
        expected = (None, None) if taken is None else (taken.key, taken.value)
        if cause != command.offset:
            self._differ("skipped", accepted, command.offset, expected)
        elif expected != (outcome.key, outcome.value):
            self._differ("bytes", accepted, command.offset, expected)
        else:
            self._place += 1
            self.findings.matched += 1

    def _differ(
        self, kind: str, accepted: Accepted, command_offset: int, expected: tuple[bytes | None, bytes | None]
    ) -> None:
        found = accepted[1]
        self.findings.difference = Difference(
            kind, self._partition, command_offset, found.offset, (found.key, found.value), expected
        )
