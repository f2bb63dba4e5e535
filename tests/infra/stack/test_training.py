"""The training of a broker, on a real one."""

import pytest
from aiokafka import TopicPartition

from infra.kafka.client import reader
from infra.stack.training import ANSWERED, ASKED, train
from infra.stack.trial import Trial

pytestmark = pytest.mark.stack
RECORDS = 150


async def test_a_broker_in_training_is_asked_and_answers_as_often_as_was_said(stack: Trial) -> None:
    await train(stack.kafka_address, RECORDS)
    client = reader(stack.kafka_address)
    await client.start()
    try:
        for topic in (ASKED, ANSWERED):
            ends = await client.end_offsets([TopicPartition(topic.name, n) for n in range(topic.partitions)])
            assert sum(ends.values()) == RECORDS
    finally:
        await client.stop()
