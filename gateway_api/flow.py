"""Do moves flow? From what the brokers say of groups and offsets to a sentence for operators; pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment

from schemas.progress import read_saved

STUCK_SECONDS = 5.0


def group_problem(group: Any, topic: str, partitions: int) -> str:
    """What keeps a consumer group from serving every partition of the topic; '' when nothing does.

    `group` is an entry of a DescribeGroupsResponse (Kafka protocol, API key 15).
    """
    error, name, state, _, _, members, *_ = group
    if error:
        return f"group {name}: the broker answers with error {error}"
    if state != "Stable":
        return f"group {name} is {state or 'unknown'}"
    held = sum(len(_partitions(member[4], topic)) for member in members)
    return "" if held == partitions else f"group {name} has {held} of {partitions} partitions assigned"


def _partitions(assignment: bytes, topic: str) -> list[int]:
    if not assignment:
        return []
    decoded: Any = ConsumerProtocolMemberAssignment.decode(assignment)
    return [p for entry in decoded.assignment for p in entry[1] if entry[0] == topic]


def watermark_of(progress: bytes) -> int | None:
    """The watermark in what stands in Redis as a partition's progress; None where there is none to be read."""
    saved = read_saved(progress)
    return None if saved is None else saved.watermark


class Progress:
    """Watches each partition's watermark follow the end of the commands.

    A partition is stuck when the commands that were there STUCK_SECONDS ago have no published outcome yet;
    new commands meanwhile say nothing.
    """

    def __init__(self) -> None:
        self._targets: dict[int, tuple[int, float]] = {}  # the end when first seen behind it, and when that was

    def observe(self, watermarks: Mapping[int, int | None], ends: Mapping[int, int], now: float) -> str:
        """What is stuck, '' if nothing.

        `watermarks`: by partition, its last command with a published outcome, -1 none; None cannot be read.
        """
        known = {p: watermark for p, watermark in watermarks.items() if watermark is not None}
        if unreadable := watermarks.keys() - known.keys():
            return f"the progress in Redis of partitions {_listed(sorted(unreadable))} cannot be read"
        stuck = [p for p in sorted(ends) if self._is_stuck(p, known.get(p, -1), ends[p], now)]
        return f"no outcomes from partitions {_listed(stuck)}" if stuck else ""

    def _is_stuck(self, partition: int, watermark: int, end: int, now: float) -> bool:
        last = end - 1
        if watermark >= last:
            self._targets.pop(partition, None)
            return False
        target, since = self._targets.setdefault(partition, (last, now))
        if watermark >= target:
            self._targets[partition] = (last, now)
            return False
        return now - since > STUCK_SECONDS


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))
