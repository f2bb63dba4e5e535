"""How far consumer groups are behind: committed offsets against the ends of their topics."""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
)

from infra.kafka import client

# A broker answers before its coordinator does; the first group call of its life even creates the offsets topic.
NOT_YET = (GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError)


async def group_lag(
    servers: str, groups: Mapping[str, str], security: Mapping[str, Any] | None = None, timeout: float = 5.0
) -> dict[str, dict[str, Any]]:
    """For each group, by its topic: `topic`, `lag` in records (None where the topic does not exist).

    Raises TimeoutError and aiokafka's KafkaError when the broker cannot be asked.
    """
    reader: Any = client.reader(servers, security)
    admin: Any = client.admin(servers, security)
    async with asyncio.timeout(timeout):
        try:
            await reader.start()
            await admin.start()
            return {
                group: {"topic": topic, "lag": await _lag(reader, admin, group, topic)}
                for group, topic in groups.items()
            }
        finally:
            await reader.stop()
            await admin.close()


async def _lag(reader: Any, admin: Any, group: str, topic: str) -> int | None:
    if topic not in await reader.topics():
        return None
    [described] = await admin.describe_topics([topic])
    partitions = [TopicPartition(topic, one["partition"]) for one in described["partitions"]]
    ends = await reader.end_offsets(partitions)
    starts = await reader.beginning_offsets(partitions)
    committed = await _committed(admin, group)
    read = {one: max(committed[one].offset if one in committed else 0, starts[one]) for one in partitions}
    return int(sum(ends[one] - read[one] for one in partitions))


async def _committed(admin: Any, group: str) -> dict[TopicPartition, Any]:
    """Bounded by the caller's timeout."""
    while True:
        try:
            return dict(await admin.list_consumer_group_offsets(group))
        except NOT_YET:
            await asyncio.sleep(0.05)
