"""Evidence put in order: both logs by partition, read by the naive rule and played by the naive rules, once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from tests.proof.evidence import ClientEvent, Evidence, Record
from tests.proof.rules import ids, reader, words
from tests.proof.rules.partition import Expected
from tests.proof.rules.partition import Partition as Naive
from tests.proof.rules.reader import Accepted

T = TypeVar("T")


class Judged(NamedTuple):
    """An accepted outcome beside what the naive rules expected of its command."""

    outcome: Accepted
    command: Record
    expected: Expected


class Call(NamedTuple):
    """A client's request and its end; `end` None while nothing came back."""

    begin: ClientEvent
    end: ClientEvent | None


@dataclass
class Case:
    """One run's evidence with what follows from it. Attributes of what was not collected are empty."""

    evidence: Evidence

    @cached_property
    def commands(self) -> dict[int, list[Record]]:
        return by_partition(self.evidence.commands or [])

    @cached_property
    def said(self) -> dict[tuple[int, int], words.Read]:
        """By partition and offset what each command's record means."""
        return {
            (partition, record.offset): words.read(record)
            for partition, records in self.commands.items()
            for record in records
        }

    @cached_property
    def records(self) -> dict[int, list[Record]]:
        """Records of the outcomes topic, fences and ignored ones included."""
        return by_partition(self.evidence.outcomes or [])

    @cached_property
    def read(self) -> dict[int, reader.Partition]:
        return {partition: reader.read(records) for partition, records in self.records.items()}

    @property
    def accepted(self) -> Iterator[Accepted]:
        """All outcomes that count, partition by partition."""
        for partition in self.read.values():
            yield from partition.accepted

    @cached_property
    def matches(self) -> dict[str, list[Accepted]]:
        """By match its outcomes that carry events, in order."""
        found: dict[str, list[Accepted]] = defaultdict(list)
        for outcome in self.accepted:
            if outcome.value["events"]:
                found[key_of(outcome.record) or ""].append(outcome)
        return dict(found)

    @cached_property
    def by_version(self) -> dict[tuple[str, int], Accepted]:
        """The first outcome that gave a match this version."""
        found: dict[tuple[str, int], Accepted] = {}
        for match, outcomes in self.matches.items():
            for outcome in outcomes:
                found.setdefault((match, outcome.value["version"]), outcome)
        return found

    @cached_property
    def by_command(self) -> dict[str, list[Accepted]]:
        """By command id its outcomes that count, in order."""
        found: dict[str, list[Accepted]] = defaultdict(list)
        for outcome in self.accepted:
            if outcome.value["command_id"] is not None:
                found[outcome.value["command_id"]].append(outcome)
        return dict(found)

    @cached_property
    def expected(self) -> dict[int, list[Expected]]:
        """What the naive rules say of every command, by partition in offset order."""
        return {partition: [*self._play(partition)] for partition in self.commands}

    def _play(self, partition: int) -> Iterator[Expected]:
        count = self.evidence.circumstances.partitions
        naive = Naive(lambda match: count is None or ids.partition_of(match, count) == partition)
        for record in self.commands[partition]:
            yield naive.judge(record)

    @cached_property
    def fresh(self) -> dict[str, int]:
        """How often a command id is new to the naive memory: more than once where its match was unknown."""
        found: dict[str, int] = defaultdict(int)
        for expected in (one for partition in self.expected.values() for one in partition):
            if expected.command is not None and expected.duplicate_of is None:
                found[expected.command] += 1
        return dict(found)

    @property
    def judged(self) -> Iterator[Judged]:
        """Every accepted outcome whose command is in the log."""
        for partition, seen in self.read.items():
            sent = zip(self.commands.get(partition, []), self.expected.get(partition, []), strict=True)
            at = {command.offset: (command, expected) for command, expected in sent}
            for outcome in seen.accepted:
                if outcome.cause in at:
                    yield Judged(outcome, *at[outcome.cause])

    @cached_property
    def calls(self) -> list[Call]:
        """The clients' requests in the order of their beginnings."""
        ends = {event.call: event for event in self.evidence.history or [] if event.kind != "invoke"}
        return [
            Call(event, ends.get(event.call)) for event in self.evidence.history or [] if event.kind == "invoke"
        ]

    def newest(self, match: str) -> int:
        """The version of a match at the end of the log; 0 for an unknown one."""
        outcomes = self.matches.get(match)
        return int(outcomes[-1].value["version"]) if outcomes else 0


def by_partition(records: Iterable[Record]) -> dict[int, list[Record]]:
    found: dict[int, list[Record]] = defaultdict(list)
    for record in records:
        found[record.partition].append(record)
    return {partition: sorted(found[partition], key=lambda record: record.offset) for partition in sorted(found)}


def key_of(record: Record) -> str | None:
    """The match a record is about; None for a key that no match can have."""
    return words.legible(record.key)


def command_of(call: Call) -> str | None:
    """The id of the command that a call means."""
    begin = call.begin
    if begin.command is None and begin.player and begin.path and begin.key:
        return ids.command_id(begin.player, begin.path, begin.key)
    return begin.command or (call.end.command if call.end else None)


def where(outcome: Accepted, **more: Any) -> dict[str, Any]:
    """Where an accepted outcome lies, for a violation."""
    record = outcome.record
    place = {"partition": record.partition, "outcome": record.offset, "command": outcome.cause}
    return {**place, "match": key_of(record), "command_id": outcome.value["command_id"], **more}
