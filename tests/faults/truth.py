"""What the log says, read by a second, naive implementation of the reader rule that shares no code with ours."""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from aiokafka import TopicPartition

from infra.kafka.client import reader
from schemas.topics import MATCHES, PARTITIONS

POLL_MS = 500
STALLED_POLLS = 40


class Line(NamedTuple):
    """One record of either topic."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]


@dataclass
class Partition:
    """A partition of both topics; `accepted` holds the outcomes that count, in order."""

    commands: list[Line] = field(default_factory=list)
    outcomes: list[Line] = field(default_factory=list)
    accepted: list[Line] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)
    fences: int = 0

    def judge(self) -> None:
        """Apply the rule as the design tells it, word by word."""
        fence, watermark = "", -1
        for line in self.outcomes:
            if line.headers.get("ce_type") == b"org.playlog.log.fence.v1":
                fence = f"{line.offset}:{line.headers['ce_id'].decode()}"
                self.fences += 1
                continue
            cause, after = int(line.headers["playlog-cause"]), int(line.headers["playlog-after"])
            if line.headers["playlog-fence"].decode() != fence:
                self.ignored["fence"] += 1
            elif after != watermark or cause <= watermark:
                self.ignored["chain"] += 1
            else:
                self.accepted.append(line)
                watermark = cause


Log = dict[int, Partition]


async def read_log(servers: str) -> Log:
    """Both topics from offset 0 to where they end now, judged; outcomes first, so that no cause is missing."""
    log = {number: Partition() for number in range(PARTITIONS)}
    for topic in (MATCHES.outcomes, MATCHES.commands):
        for number, lines in (await _read(servers, topic)).items():
            target = log[number].commands if topic == MATCHES.commands else log[number].outcomes
            target.extend(lines)
    for partition in log.values():
        partition.judge()
    return log


async def _read(servers: str, topic: str) -> dict[int, list[Line]]:
    consumer = reader(servers)
    await consumer.start()
    try:
        names = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(names)
        ends = await consumer.end_offsets(names)
        for name in names:
            consumer.seek(name, 0)
        found: dict[int, list[Line]] = {number: [] for number in range(PARTITIONS)}
        stalled = 0
        while any(len(found[name.partition]) < ends[name] for name in names):
            batches = await consumer.getmany(timeout_ms=POLL_MS)
            stalled = 0 if batches else stalled + 1
            assert stalled < STALLED_POLLS, f"{topic} cannot be read to its end"
            for name, records in batches.items():
                found[name.partition] += [_line(record) for record in records if record.offset < ends[name]]
        return found
    finally:
        await consumer.stop()


def _line(record: Any) -> Line:
    return Line(record.offset, record.timestamp, record.key, record.value, dict(record.headers))


def document(line: Line) -> dict[str, Any]:
    """An outcome's value."""
    value: dict[str, Any] = json.loads(line.value or b"null")
    return value
