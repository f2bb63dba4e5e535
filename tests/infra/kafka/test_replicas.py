"""Topics with copies, on three real brokers: a record that was acknowledged outlives the broker that took it."""

import secrets
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from infra.kafka.client import admin
from infra.kafka.topics import TopicMismatch, TopicSpec, apply, check
from tests.faults.brokers import three
from tests.faults.links import Links

pytestmark = pytest.mark.stack
OF_THE_TOPIC = 1  # where a setting comes from: not from the broker's defaults


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The bootstrap servers of three brokers."""
    links = Links()
    try:
        with three(tmp_path_factory.mktemp("brokers"), links) as running:
            yield ",".join(broker.address for broker in running)
    finally:
        links.close()


@pytest.fixture
async def control(brokers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    client = admin(brokers)
    await client.start()
    yield client
    await client.close()


def spec() -> TopicSpec:
    return TopicSpec(f"trial.{secrets.token_hex(4)}", 2, {"retention.ms": "-1"})


async def own_settings(control: AIOKafkaAdminClient, name: str) -> dict[str, str]:
    """The settings that a topic carries itself."""
    answers: list[Any] = await control.describe_configs(
        [ConfigResource(ConfigResourceType.TOPIC, name)],
    )
    [[*_, entries]] = answers[0].resources
    return {entry[0]: entry[1] for entry in entries if entry[3] in (OF_THE_TOPIC, False)}


async def test_when_topics_get_copies_then_each_record_is_on_two_of_them_before_it_is_acknowledged(
    control: AIOKafkaAdminClient,
) -> None:
    topic = spec()
    await apply(control, [topic], replicas=3)
    found = await own_settings(control, topic.name)
    assert (found["min.insync.replicas"], found["unclean.leader.election.enable"]) == ("2", "false")


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("min.insync.replicas", "1", "min.insync.replicas must be 2, found 1"),
        ("unclean.leader.election.enable", "true", "unclean.leader.election.enable must be false, found true"),
    ],
)
async def test_given_copies_when_a_setting_would_lose_acknowledged_records_then_the_check_names_it(
    control: AIOKafkaAdminClient, setting: str, value: str, words: str
) -> None:
    topic = spec()
    await control.create_topics([NewTopic(topic.name, 2, 3, topic_configs={**topic.configs, setting: value})])
    with pytest.raises(TopicMismatch) as caught:
        await apply(control, [topic], replicas=3)
    assert caught.value.differences == (f"topic {topic.name}: {words}",)


async def test_given_copies_when_more_of_them_must_be_in_step_than_we_ask_for_then_that_is_fine(
    control: AIOKafkaAdminClient,
) -> None:
    topic = spec()
    configs = {**topic.configs, "min.insync.replicas": "3"}
    await control.create_topics([NewTopic(topic.name, 2, 3, topic_configs=configs)])
    assert await apply(control, [topic]) == []


async def test_given_no_copies_then_one_broker_is_enough(control: AIOKafkaAdminClient) -> None:
    topic = spec()
    configs = {**topic.configs, "min.insync.replicas": "1"}
    await control.create_topics([NewTopic(topic.name, 2, 1, topic_configs=configs)])
    assert await apply(control, [topic]) == []
    await check(control, [topic])
