"""Topics on the real broker: made once, compared in words."""

import asyncio
import secrets
from collections.abc import AsyncIterator

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from infra.kafka.client import admin
from infra.kafka.topics import TopicMismatch, TopicNotCreated, TopicSpec, apply, check
from infra.stack.trial import Trial

pytestmark = pytest.mark.stack
ENDLESS = {"retention.ms": "-1", "message.timestamp.type": "LogAppendTime"}


@pytest.fixture
async def control(stack: Trial) -> AsyncIterator[AIOKafkaAdminClient]:
    client = admin(stack.kafka_address)
    await client.start()
    yield client
    await client.close()


def spec(partitions: int = 3) -> TopicSpec:
    return TopicSpec(f"trial.{secrets.token_hex(4)}", partitions, ENDLESS)


async def test_missing_topics_are_made_and_a_second_run_makes_none(control: AIOKafkaAdminClient) -> None:
    specs = [spec(), spec(1)]
    assert sorted(await apply(control, specs)) == sorted(s.name for s in specs)
    assert await apply(control, specs) == []


async def test_two_starters_at_once_do_not_collide(stack: Trial, control: AIOKafkaAdminClient) -> None:
    specs = [spec()]
    other = admin(stack.kafka_address)
    await other.start()
    made = await asyncio.gather(apply(control, specs), apply(other, specs))
    await other.close()
    assert sum(map(len, made)) == 1


async def test_differences_are_named_one_by_one(control: AIOKafkaAdminClient) -> None:
    there, missing = spec(), spec()
    await apply(control, [there])
    wanted = TopicSpec(there.name, 4, {"retention.ms": "1000", "cleanup.policy": "delete"})
    with pytest.raises(TopicMismatch) as caught:
        await check(control, [wanted, missing])
    assert caught.value.differences == (
        f"topic {missing.name} does not exist",
        f"topic {there.name}: partitions must be 4, found 3",
        f"topic {there.name}: retention.ms must be 1000, found -1",
    )


async def test_what_the_broker_refuses_is_told(control: AIOKafkaAdminClient) -> None:
    with pytest.raises(TopicNotCreated, match=r"trial\.bad"):
        await apply(control, [TopicSpec("trial.bad", 1, {"retention.ms": "soon"})])
