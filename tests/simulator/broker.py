"""A Kafka of one node: logs, batches lost, late, doubled or unanswered, groups that move partitions."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from aiokafka import TopicPartition

from schemas.topics import MATCHES
from tests.simulator.world import World

FATES = ("unanswered", "lost", "doubled", "late", "late", "late and unanswered")
SESSION_SECONDS = 1.5
HEARTBEAT_SECONDS = (0.02, 0.4, 1.5)  # in which a member that was put out learns of it
TRACED = (MATCHES.commands, MATCHES.outcomes)


@dataclass(slots=True)
class Line:
    """A record as it lies in a log and as a consumer gets it; `timestamp` in Unix ms by the broker's clock."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


class Sent(NamedTuple):
    """A record to be."""

    key: bytes | None
    value: bytes
    headers: Sequence[tuple[str, bytes]]


class Metadata(NamedTuple):
    """What a producer is told."""

    offset: int


class Broker:
    """All topics of the domain, and its groups."""

    def __init__(self, world: World, partitions: int) -> None:
        self.world, self.partitions = world, partitions
        self.logs: defaultdict[tuple[str, int], list[Line]] = defaultdict(list)
        self.begins: dict[tuple[str, int], int] = {}  # what lies below has been deleted
        self.groups: dict[str, Group] = {}
        self.waiting: dict[Any, None] = {}  # consumers to wake, in the order they came
        self.set_back = 0  # ms that its clock is behind
        self.life = 0  # raised when it loses what it has not kept: every producer's and consumer's session ends
        self.down = False
        self.producers = 0
        self.ends: dict[int, int] = {}  # of outcomes, when they were cut
        self.held: list[tuple[Any, ...]] = []

    def append(self, topic: str, partition: int, records: Sequence[Sent]) -> int:
        """Put a batch at the end of a log; returns its base offset."""
        log = self.logs[topic, partition]
        base, now = len(log), self.world.wall_ms - self.set_back
        for record in records:
            line = Line(topic, partition, len(log), now, record.key, record.value, tuple(record.headers))
            log.append(line)
        if topic in TRACED:
            self.world.note("append", (topic, partition, base, [(r.key, r.value) for r in records]))
        tp = TopicPartition(topic, partition)
        for consumer in list(self.waiting):
            if tp in consumer.positions:
                self.world.later(consumer.patience + self.world.delay(consumer.host), consumer.wake)
        return base

    def request(self, producer: Any, topic: str, partition: int, records: Sequence[Sent], answer: Any) -> None:
        """A batch sets out; `answer` is a future that may never be."""
        world, host = self.world, producer.host
        fate = "answered"
        if world.wrong(host, "broker"):
            fate = world.chance.choice(FATES)
        at = max(world.loop.now + world.delay(host, "broker"), producer.lanes.get((topic, partition), 0.0))
        if topic == MATCHES.checkpoints and world.buggify("chunks travel slowly", 0.5):
            at += world.chance.choice([0.05, 0.3, 1.0])
        again = fate == "doubled" or (topic == MATCHES.checkpoints and world.buggify("a chunk lands twice", 0.3))
        if fate.startswith("late"):
            at += world.chance.choice([0.05, 0.3, 1.0, 2.5, 5.0])
        elif fate != "lost":
            producer.lanes[topic, partition] = at
        if fate != "answered":
            world.under_way(at - world.loop.now)
            world.note("fate", (fate, topic, partition, host))
        if fate != "lost":
            heard = None if "unanswered" in fate else answer
            world.at(at, self._land, producer, topic, partition, records, heard, again)

    def _land(self, producer: Any, topic: str, partition: int, records: Any, answer: Any, again: bool) -> None:
        if producer.life != self.life:
            return
        if self.down:
            self.held.append((producer, topic, partition, records, answer, again))
            return
        base = self.append(topic, partition, records)
        if answer is not None:
            producer.acknowledged(topic, partition, base, records)
            self.world.later(self.world.delay(producer.host, "broker"), self.world.settle, answer, Metadata(base))
        if again:
            wait = self.world.chance.choice([0.0, 0.01, 0.5, 3.0])
            self.world.under_way(wait)
            self.world.later(wait, self._land, producer, topic, partition, records, None, False)

    def stop(self) -> None:
        """It answers nobody; what was sent waits."""
        self.down = True

    def start(self) -> None:
        """It answers again. Clients have kept their sessions."""
        self.down = False
        held, self.held = self.held, []
        for request in held:
            self.world.later(self.world.delay("broker"), self._land, *request)
        for consumer in list(self.waiting):
            self.world.later(self.world.delay("broker"), consumer.wake)

    def cut(self, partition: int, most: int) -> None:
        """The tail of a partition's outcomes is lost: the design rules it out, and readers must notice."""
        log = self.logs[MATCHES.outcomes, partition]
        self.ends[partition] = max(len(log), self.ends.get(partition, 0))
        del log[max(0, len(log) - self.world.chance.randrange(most + 1)) :]
        self.life += 1
        self.world.cuts += 1
        self.world.note("cut", (partition, len(log)))
        for consumer in list(self.waiting):
            consumer.wake()

    def group(self, name: str) -> "Group":
        return self.groups.setdefault(name, Group(self.world, self, name))


class Group:
    """A consumer group with static members; partitions move when a member is silent for too long."""

    def __init__(self, world: World, broker: Broker, name: str) -> None:
        self.world, self.broker, self.name = world, broker, name
        self.members: dict[str, Any] = {}
        self.committed: dict[int, int] = {}
        self._plan: dict[str, list[int]] = {}

    def join(self, consumer: Any) -> None:
        """A member comes; one that comes back under its old name in time gets what it had."""
        known = consumer.name in self.members
        self.members[consumer.name] = consumer
        if known and consumer.name in self._plan:
            self._give(consumer)
        else:
            self._rebalance()

    def silent(self, name: str) -> None:
        """A member's process does not answer any more: unless it does in time, it is put out."""
        self.world.later(SESSION_SECONDS, self._expire, name, self.members.get(name))

    def _expire(self, name: str, consumer: Any) -> None:
        if consumer is None or consumer.process.runs:
            return
        if self.members.get(name) is consumer:
            self.expel(name)

    def expel(self, name: str) -> None:
        """Put a member out; its process learns of it when it next asks."""
        consumer = self.members.pop(name, None)
        if consumer is None:
            return
        self.world.note("expelled", name)
        self._rebalance()
        self._tell(consumer)

    def _tell(self, consumer: Any) -> None:
        if consumer.process.parked is not None:
            self.world.later(0.2, self._tell, consumer)
        elif consumer.process.alive and not consumer.closed and consumer.name not in self.members:
            self.world.later(self.world.chance.choice(HEARTBEAT_SECONDS), self._rejoin, consumer)

    def _rejoin(self, consumer: Any) -> None:
        if consumer.process.alive and not consumer.closed and consumer.name not in self.members:
            self.join(consumer)

    def _rebalance(self) -> None:
        names = sorted(self.members)
        self._plan = {name: [] for name in names}
        for partition in range(self.broker.partitions):
            if names:
                self._plan[names[partition % len(names)]].append(partition)
        for name in names:
            self._give(self.members[name])

    def _give(self, consumer: Any) -> None:
        self.world.later(0.01 + self.world.delay(consumer.host), self._deliver, consumer)

    def _deliver(self, consumer: Any) -> None:
        """What the plan says now: generations keep an older one from arriving behind it."""
        if consumer in self.members.values():
            consumer.given(list(self._plan[consumer.name]))
