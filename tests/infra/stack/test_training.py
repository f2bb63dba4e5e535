"""The training of a broker, on a real one."""

from collections.abc import Sequence

import pytest
from aiokafka import TopicPartition

from infra.kafka import topics
from infra.kafka.client import admin, reader
from infra.stack.training import ANSWERED, ASKED, train
from infra.stack.trial import Trial

pytestmark = pytest.mark.stack
RECORDS = 150
MORE_THAN_POSSIBLE = 1_000_000


async def lengths(servers: str) -> Sequence[int]:
    """How many records each of the training's topics holds."""
    helper, client = admin(servers), reader(servers)
    await helper.start()
    await topics.apply(helper, (ASKED, ANSWERED))
    await helper.close()
    await client.start()
    try:
        found = []
        for topic in (ASKED, ANSWERED):
            ends = await client.end_offsets([TopicPartition(topic.name, n) for n in range(topic.partitions)])
            found.append(sum(ends.values()))
        return found
    finally:
        await client.stop()


async def test_a_broker_in_training_is_asked_and_answers_as_often_as_was_said(stack: Trial) -> None:
    before = await lengths(stack.kafka_address)
    assert await train(stack.kafka_address, RECORDS)
    after = await lengths(stack.kafka_address)
    assert [new - old for old, new in zip(before, after, strict=True)] == [RECORDS, RECORDS]


async def test_a_training_that_takes_too_long_is_cut_short_and_says_so(stack: Trial) -> None:
    assert not await train(stack.kafka_address, MORE_THAN_POSSIBLE, seconds=1.0)
