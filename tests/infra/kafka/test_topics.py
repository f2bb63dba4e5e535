"""Topics on the real broker: made once, compared in words."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from typing import Any

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


class Behind:
    """A cluster whose brokers take turns to answer; one has not heard of the new topics for a while."""

    def __init__(self, client: AIOKafkaAdminClient, questions: int) -> None:
        self._client, self._left = client, questions

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def describe_topics(self) -> list[dict[str, Any]]:
        self._left -= 1
        found: list[dict[str, Any]] = await self._client.describe_topics()
        return [] if self._left > 0 and self._left % 2 == 0 else found


async def test_when_a_broker_has_not_heard_of_new_topics_then_it_is_asked_again(
    control: AIOKafkaAdminClient,
) -> None:
    """Found before a rolling restart of three brokers: one knew the leaders, the next one not even the topics."""
    specs = [spec()]
    assert await apply(Behind(control, questions=5), specs) == [specs[0].name]  # type: ignore[arg-type]
