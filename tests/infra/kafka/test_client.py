"""Clients: keys go where the Java client puts them; no jump over a gap in the log."""

import secrets

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import NoOffsetForPartitionError, OffsetOutOfRangeError

from infra.kafka.client import admin, partition_of, producer, reader
from infra.kafka.topics import TopicSpec, apply
from infra.stack.trial import Trial

# org.apache.kafka.common.utils.UtilsTest.testMurmur2
JAVA = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


@pytest.mark.parametrize(("key", "hashed"), JAVA.items())
@pytest.mark.parametrize("partitions", [1, 7, 12, 48])
def test_a_key_goes_where_the_java_client_puts_it(key: bytes, hashed: int, partitions: int) -> None:
    assert partition_of(key, partitions) == (hashed & 0x7FFFFFFF) % partitions


@pytest.mark.stack
async def test_what_was_produced_is_read_and_nothing_is_skipped(stack: Trial) -> None:
    topic = TopicPartition(f"trial.{secrets.token_hex(4)}", 0)
    control, writer, log = admin(stack.kafka_address), producer(stack.kafka_address), reader(stack.kafka_address)
    await control.start()
    await apply(control, [TopicSpec(topic.topic, 1)])
    await writer.start()
    await log.start()
    try:
        sent = await writer.send_and_wait(topic.topic, b"value", partition=0)
        assert sent.offset == 0
        log.assign([topic])
        log.seek(topic, 0)
        assert [r.value for r in (await log.getmany(timeout_ms=10_000))[topic]] == [b"value"]
        log.seek(topic, 99)
        with pytest.raises((OffsetOutOfRangeError, NoOffsetForPartitionError)):
            await log.getmany(timeout_ms=10_000)
    finally:
        await log.stop()
        await writer.stop()
        await control.close()
