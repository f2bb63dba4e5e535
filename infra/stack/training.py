"""The work of a broker that records its ahead-of-time cache: what Playlog asks of it, some thousand times.

A cache keeps what a run has learned (JEP 515), so a broker that was asked this in its training run compiles the
code behind it at once: a third less CPU in the first minute of all later starts.
"""

import asyncio
import itertools
from collections.abc import Iterator
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from infra.kafka import topics
from infra.kafka.client import admin, producer
from infra.kafka.group import close, member
from infra.kafka.topics import TopicSpec

RECORDS = 10_000
SECONDS = 60.0  # it may share its processors with everything else
PARTITIONS = 12
AT_ONCE = 3
COMMIT_EVERY = 100
POLL_MS = 200
SESSION_MS = 6_000
HEADERS = [(f"name-{n}", b"some twenty bytes, %d" % n) for n in range(7)]

ASKED = TopicSpec("training-asked", PARTITIONS, {"message.timestamp.type": "LogAppendTime"})
ANSWERED = TopicSpec("training-answered", PARTITIONS, {"message.timestamp.type": "LogAppendTime"})


async def train(servers: str, records: int = RECORDS, seconds: float = SECONDS) -> bool:
    """Pass records from one topic through a group to another, and on to two readers.

    False where `seconds` did not suffice: the broker has then learned less.
    """
    helper = admin(servers)
    await helper.start()
    try:
        await topics.apply(helper, (ASKED, ANSWERED))
    finally:
        await helper.close()
    asking, answering = producer(servers), producer(servers)
    readers = [_member(servers, f"reader-{n}", ANSWERED) for n in range(2)]
    judge = _member(servers, "judge", ASKED)
    try:
        async with asyncio.timeout(seconds):
            await asyncio.gather(asking.start(), answering.start(), judge.start(), *(r.start() for r in readers))
            async with asyncio.TaskGroup() as tasks:
                numbers = iter(range(records))
                for _ in range(AT_ONCE):
                    tasks.create_task(_ask(asking, numbers))
                tasks.create_task(_answer(judge, answering, records))
                for reader in readers:
                    tasks.create_task(_read(reader, records))
        return True
    except TimeoutError:
        return False
    finally:
        await asyncio.gather(asking.stop(), answering.stop(), close(judge), *map(close, readers))


def _member(servers: str, name: str, topic: TopicSpec) -> AIOKafkaConsumer:
    consumer = member(
        servers, {}, group=name, name=name, session_timeout_ms=SESSION_MS, auto_offset_reset="earliest"
    )
    consumer.subscribe([topic.name])
    return consumer


async def _ask(producer: AIOKafkaProducer, numbers: Iterator[int]) -> None:
    for number in numbers:
        await _send(producer, ASKED, b"%d" % number, b"x" * 300, number % PARTITIONS)


async def _answer(consumer: AIOKafkaConsumer, producer: AIOKafkaProducer, count: int) -> None:
    answered, commits = 0, 0
    while answered < count:
        for record in await _poll(consumer):
            await _send(producer, ANSWERED, record.key, b"y" * 700, record.partition)
            answered += 1
        if answered >= commits * COMMIT_EVERY:
            await consumer.commit()
            commits += 1


async def _read(consumer: AIOKafkaConsumer, count: int) -> None:
    read = 0
    while read < count:
        read += len(await _poll(consumer))


async def _poll(consumer: AIOKafkaConsumer) -> list[Any]:
    found = await consumer.getmany(timeout_ms=POLL_MS)
    return [*itertools.chain.from_iterable(found.values())]


async def _send(producer: AIOKafkaProducer, topic: TopicSpec, key: bytes, value: bytes, partition: int) -> None:
    await producer.send_and_wait(topic.name, value, key, partition, headers=HEADERS)
