"""Commands that nobody can read, on the real broker: judged, copied aside, and the partition goes on."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import MessageSizeTooLargeError

from infra.kafka.client import partition_of, producer, reader
from infra.stack.platform import Platform
from schemas.codec import Record, decode_outcome
from schemas.command import Command, encode_command
from schemas.ids import match_id
from schemas.match import Create, Join, Options
from schemas.topics import MATCHES, PARTITIONS

pytestmark = pytest.mark.stack
DEADLINE = 15.0
ENTROPY = "0" * 32


class Broker:
    """Raw access to the topics: what a broken or hostile producer could append, and what came of it."""

    def __init__(self, servers: str) -> None:
        self._producer, self._reader = producer(servers, max_batch_size=32_768), reader(servers)

    async def start(self) -> None:
        await self._producer.start()
        await self._reader.start()

    async def stop(self) -> None:
        await self._producer.stop()
        await self._reader.stop()

    async def append(self, partition: int, record: Record) -> int:
        sent = await self._producer.send_and_wait(
            MATCHES.commands, record.value, record.key, partition, headers=record.headers
        )
        return int(sent.offset)

    async def outcome_of(self, partition: int, cause: int) -> dict[str, Any]:
        """The outcome of the command at this offset."""
        found = await self._find(MATCHES.outcomes, partition, ("playlog-cause", b"%d" % cause))
        return dict(decode_outcome(found.value))

    async def letter_of(self, partition: int, offset: int) -> Any:
        """The copy of this command among the dead letters, wherever it lies."""
        wanted = {"__dlq.errors.partition": b"%d" % partition, "__dlq.errors.offset": b"%d" % offset}
        for number in range(PARTITIONS):
            async for record in self._records(MATCHES.dead_letters, number):
                if wanted.items() <= dict(record.headers).items():
                    return record
        raise AssertionError("no dead letter")

    async def _find(self, topic: str, partition: int, header: tuple[str, bytes]) -> Any:
        async with asyncio.timeout(DEADLINE):
            while True:
                async for record in self._records(topic, partition):
                    if header in record.headers:
                        return record

    async def _records(self, topic: str, partition: int) -> AsyncIterator[Any]:
        name = TopicPartition(topic, partition)
        self._reader.assign([name])
        self._reader.seek(name, 0)
        end = (await self._reader.end_offsets([name]))[name]
        while await self._reader.position(name) < end:
            for record in (await self._reader.getmany(name, timeout_ms=200)).get(name, []):
                yield record


@pytest.fixture
async def broker(platform: Platform) -> AsyncIterator[Broker]:
    raw = Broker(platform.environment["PLAYLOG_KAFKA"])
    await raw.start()
    yield raw
    await raw.stop()


def create() -> tuple[int, Record]:
    """A good command and the partition it belongs to."""
    command = str(uuid4())
    match = match_id(command)
    word = Create(game="rps", rules=1, options=Options(best_of=7))
    record = encode_command(Command(command, match, str(uuid4()), ENTROPY, word), int(time.time() * 1000), "/test")
    return partition_of(match.encode(), PARTITIONS), record


def poisons() -> dict[str, tuple[str, Record]]:
    """Each kind of trouble: the code it is rejected with, and such a record."""
    _, good = create()
    newer = [
        (name, b"org.playlog.match.create.v9" if name == "ce_type" else value) for name, value in good.headers
    ]
    return {
        "not json": ("unreadable", good._replace(value=b"\x00\xff{")),
        "tombstone": ("unreadable", good._replace(value=b"")),
        "no key": ("unreadable", good._replace(key=None)),
        "no headers": ("unreadable", good._replace(headers=[])),
        "unknown version": ("unsupported_version", good._replace(headers=newer)),
        "oversized": ("too_large", good._replace(value=good.value + b" " * 20_000)),
        "another match's key": ("wrong_key", good._replace(key=str(uuid4()).encode())),
    }


@pytest.mark.parametrize("kind", poisons())
async def test_a_poison_record_is_rejected_and_copied_and_the_next_command_counts(
    broker: Broker, kind: str
) -> None:
    code, record = poisons()[kind]
    partition, good = create()
    bad = await broker.append(partition, record)
    following = await broker.append(partition, good)

    rejected = await broker.outcome_of(partition, bad)
    assert (rejected["rejection"], rejected["events"]) == (code, [])
    letter = await broker.letter_of(partition, bad)
    assert (letter.key, letter.value) == (record.key, record.value)
    assert dict(letter.headers)["playlog-dlq-reason"] == code.encode()
    accepted = await broker.outcome_of(partition, following)
    assert (accepted["rejection"], accepted["version"]) == (None, 1)


@pytest.mark.parametrize("word", [None, Join()])
async def test_a_command_in_the_wrong_partition_is_refused_and_copied(broker: Broker, word: Any) -> None:
    partition, good = create()
    elsewhere = (partition + 1) % PARTITIONS
    if word is not None:
        assert good.key is not None
        command = Command(str(uuid4()), good.key.decode(), str(uuid4()), ENTROPY, word)
        good = encode_command(command, int(time.time() * 1000), "/test")
    offset = await broker.append(elsewhere, good)
    assert (await broker.outcome_of(elsewhere, offset))["rejection"] == "wrong_key"
    assert dict((await broker.letter_of(elsewhere, offset)).headers)["playlog-dlq-reason"] == b"wrong_key"


async def test_a_compressed_command_weighs_what_its_reader_has_to_hold(broker: Broker, platform: Platform) -> None:
    partition, good = create()
    squeezed = AIOKafkaProducer(
        bootstrap_servers=platform.environment["PLAYLOG_KAFKA"], compression_type="gzip", max_request_size=1 << 20
    )
    await squeezed.start()
    try:

        async def append(value: bytes) -> int:
            sent = await squeezed.send_and_wait(MATCHES.commands, value, good.key, partition, headers=good.headers)
            return int(sent.offset)

        with pytest.raises(MessageSizeTooLargeError):
            await append(good.value + b" " * 200_000)
        large = await append(good.value + b" " * 20_000)
        small = await append(good.value)
    finally:
        await squeezed.stop()
    assert (await broker.outcome_of(partition, large))["rejection"] == "too_large"
    assert (await broker.outcome_of(partition, small))["rejection"] is None
