"""aiokafka's producer and consumer as far as the services use them, over the broker of the simulation."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError, OffsetOutOfRangeError
from aiokafka.partitioner import murmur2

from schemas.topics import MATCHES
from tests.proof.evidence import Send
from tests.simulator.broker import Broker, Line, Metadata, Sent
from tests.simulator.loop import Process

BATCH_RECORDS = 4  # so that a poll's outcomes are several batches, of which one may be lost


class Batch:
    """What `create_batch` gives."""

    def __init__(self) -> None:
        self.records: list[Sent] = []

    def append(self, *, key: bytes | None, value: bytes, timestamp: Any, headers: Any) -> Any:
        if len(self.records) >= BATCH_RECORDS:
            return None
        self.records.append(Sent(key, value, headers))
        return self

    def close(self) -> None:
        """Nothing more will be put in."""

    def record_count(self) -> int:
        return len(self.records)


class Producer:
    """An idempotent producer; after `broker.life` has changed nothing that it sent lands any more."""

    _sender = None

    def __init__(self, broker: Broker, process: Process, sends: list[Send]) -> None:
        self.broker, self.process, self.host = broker, process, process.name
        self.lanes: dict[tuple[str, int], float] = {}
        self.life = broker.life
        self.client = self
        broker.producers += 1
        self._name, self._sends = f"{process.name}/{broker.producers}", sends

    async def start(self) -> None:
        self.life = self.broker.life
        await _reach(self.broker, self.host)

    async def stop(self) -> None:
        world = self.broker.world
        await asyncio.sleep(60.0 if world.buggify("stop hangs", 0.3) else world.delay(self.host))

    async def close(self) -> None:
        await asyncio.sleep(0)

    async def delete_records(self, records: Mapping[TopicPartition, Any], timeout_ms: int) -> None:
        """An admin's call: what lies below goes."""
        await _reach(self.broker, self.host)
        for tp, before in records.items():
            self.broker.begins[tp] = max(self.broker.begins.get(tp, 0), before.before_offset)

    async def partitions_for(self, topic: str) -> set[int]:
        return set(range(self.broker.partitions))

    def create_batch(self) -> Batch:
        return Batch()

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> Any:
        return self._send(topic, partition, batch.records)

    async def send(
        self, topic: str, value: bytes, key: bytes | None = None, partition: int | None = None, *, headers: Any
    ) -> Any:
        if self.broker.world.buggify("send fails", 0.1):
            raise KafkaConnectionError("no connection")
        if partition is None:
            partition = (murmur2(key or b"") & 0x7FFFFFFF) % self.broker.partitions
        return self._send(topic, partition, [Sent(key, value, headers)])

    async def send_and_wait(self, *arguments: Any, headers: Any) -> Metadata:
        metadata: Metadata = await (await self.send(*arguments, headers=headers))
        return metadata

    def _send(self, topic: str, partition: int, records: list[Sent]) -> Any:
        if self.life != self.broker.life:
            raise KafkaConnectionError("the broker does not know this producer any more")
        answer = self.broker.world.loop.create_future()
        self.broker.request(self, topic, partition, records, answer)
        return answer

    def acknowledged(self, topic: str, partition: int, base: int, records: Iterable[Sent]) -> None:
        if topic not in (MATCHES.commands, MATCHES.outcomes):
            return
        kind: Any = "commands" if topic == MATCHES.commands else "outcomes"
        for offset, record in enumerate(records, start=base):
            name = dict(record.headers).get("ce_id", b"").decode("ascii", "replace")
            self._sends.append(Send(self._name, kind, partition, offset, name))


class Consumer:
    """A consumer, with a group or without."""

    def __init__(
        self, broker: Broker, process: Process, group: str = "", most: int = 500, patience: float = 0.0
    ) -> None:
        self.broker, self.process, self.host = broker, process, process.name
        self.name = process.name
        self.life = broker.life
        self.patience = patience  # seconds for which the broker gathers what is fetched
        self.positions: dict[TopicPartition, int] = {}
        self.closed = False
        self.jump = 0  # how many records it skips, or reads again, with the next ones
        self._group = broker.group(group) if group else None
        self._most = most
        self._paused: set[TopicPartition] = set()
        self._polled: dict[TopicPartition, int] = {}
        self._waiter: Any = None
        self._topic = ""
        self._listener: Any = None
        self._moving: Any = None

    async def start(self) -> None:
        self.life = self.broker.life
        await _reach(self.broker, self.host)

    async def stop(self) -> None:
        self.closed = True
        self.broker.waiting.pop(self, None)
        world = self.broker.world
        await asyncio.sleep(60.0 if world.buggify("stop hangs", 0.3) else world.delay(self.host))

    def subscribe(self, topics: list[str], listener: Any) -> None:
        (self._topic,), self._listener = topics, listener
        assert self._group is not None
        world = self.broker.world
        world.later(world.delay(self.host) + 0.02, self._join)

    def _join(self) -> None:
        if not self.closed and self.process.alive and self._group is not None:
            self._group.join(self)

    def given(self, partitions: list[int]) -> None:
        """The group has decided; the process acts on it as soon as it runs."""
        if self.process.alive and not self.closed:
            self.process.start(self._move(partitions))

    async def _move(self, partitions: list[int]) -> None:
        before, self._moving = self._moving, asyncio.current_task()
        if before is not None and not before.done():
            await asyncio.wait({before})
        if self.closed:
            return
        await self._listener.on_partitions_revoked(sorted(self.positions))
        self.positions.clear()
        self._paused.clear()
        names = [TopicPartition(self._topic, p) for p in partitions]
        self.positions = dict.fromkeys(names, -1)
        await self._listener.on_partitions_assigned(names)
        self.wake()

    def assign(self, names: Iterable[TopicPartition]) -> None:
        self.positions = dict.fromkeys(names, -1)
        self._paused.clear()

    def assignment(self) -> set[TopicPartition]:
        return set(self.positions)

    def subscription(self) -> set[str]:
        return {self._topic}

    def seek(self, tp: TopicPartition, offset: int) -> None:
        if tp in self.positions:
            self.positions[tp] = offset

    def pause(self, *names: TopicPartition) -> None:
        self._paused.update(names)

    def resume(self, *names: TopicPartition) -> None:
        self._paused.difference_update(names)
        self.wake()

    def highwater(self, tp: TopicPartition) -> int | None:
        return len(self.broker.logs[tp])

    def last_poll_timestamp(self, tp: TopicPartition) -> int:
        return round(self.broker.world.wall() * 1000) if not self.broker.down else self._polled.get(tp, 0)

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        await _reach(self.broker, self.host)
        if self._group is not None:
            self._group.committed.update({tp.partition: offset for tp, offset in offsets.items()})

    async def beginning_offsets(self, names: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        await _reach(self.broker, self.host)
        return {tp: self.broker.begins.get(tp, 0) for tp in names}

    async def end_offsets(self, names: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        await _reach(self.broker, self.host)
        return {tp: len(self.broker.logs[tp]) for tp in names}

    async def getmany(
        self, *names: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[Line]]:
        loop = self.broker.world.loop
        until = loop.now + timeout_ms / 1000
        while True:
            found = self._collect(names, min(max_records or self._most, self._most))
            if found or loop.now >= until:
                return found
            await self._wait(until)

    async def _wait(self, until: float) -> None:
        loop = self.broker.world.loop
        self._waiter = loop.create_future()
        self.broker.waiting[self] = None
        timer = loop.call_at(until, self.wake)
        try:
            await self._waiter
        finally:
            timer.cancel()
            self.broker.waiting.pop(self, None)

    def wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _collect(self, names: Iterable[TopicPartition], most: int) -> dict[TopicPartition, list[Line]]:
        if self.life != self.broker.life:
            raise KafkaConnectionError("the broker has lost this session")
        found: dict[TopicPartition, list[Line]] = {}
        if self.broker.down or self.broker.world.is_clogged(self.host):
            return found
        for tp in sorted(names or self.positions):
            position = self.positions.get(tp, -1)
            if tp in self._paused or position < 0 or most <= 0:
                continue
            log = self.broker.logs[tp]
            if position > len(log) or position < self.broker.begins.get(tp, 0):
                raise OffsetOutOfRangeError({tp: position})
            lines = self._jumped(log, position, most)
            if lines:
                found[tp] = lines
                self.positions[tp] = lines[-1].offset + 1
                most -= len(lines)
        return found

    def _jumped(self, log: list[Line], position: int, most: int) -> list[Line]:
        """The next records, and once after a jump other ones."""
        if self.jump and len(log) > position + max(0, self.jump):
            position, self.jump = max(0, position + self.jump), 0
        return log[position : position + most]


async def _reach(broker: Broker, host: str) -> None:
    """A round trip; an error after a while where there is no answer."""
    world = broker.world
    await asyncio.sleep(0.0005 + world.delay(host, "broker"))
    for _ in range(20):
        if not broker.down:
            return
        await asyncio.sleep(0.2)
    raise KafkaConnectionError("no answer")
