"""What a member of a consumer group that follows a log needs: consumer, listener, the check of the topics."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener

from infra.kafka.client import admin, reader
from infra.kafka.topics import Topic, check
from infra.tasks import cancelled

CHECK_SECONDS = 15.0
CLOSE_SECONDS = 2.0
STOP_SECONDS = 5.0


def member(
    servers: str, security: Mapping[str, Any], *, group: str, name: str, session_timeout_ms: int, **more: Any
) -> AIOKafkaConsumer:
    """A consumer in `group`, not started. `name` is stable, so that a restart moves no partition (KIP-345).

    `more` goes to aiokafka.
    """
    return reader(
        servers,
        security,
        client_id=name,
        group_id=group,
        group_instance_id=name,
        session_timeout_ms=session_timeout_ms,
        heartbeat_interval_ms=session_timeout_ms // 4,
        **more,
    )


class Listener(ConsumerRebalanceListener):
    """Hands the group's decisions on. Heartbeats stand still meanwhile, so that both must return at once."""

    def __init__(self, assigned: Callable[[Any], None], lost: Callable[[Any], None]) -> None:
        self._assigned, self._lost = assigned, lost

    async def on_partitions_assigned(self, assigned: Any) -> None:
        self._assigned(assigned)

    async def on_partitions_revoked(self, revoked: Any) -> None:
        self._lost(revoked)


async def close(consumer: Any) -> None:
    """Stop a consumer in bounded time; what cannot be stopped is left to the garbage collector.

    aiokafka's stop() may raise the CancelledError of a fetch that it cuts off (seen with 0.14, the broker gone).
    """
    try:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(STOP_SECONDS):
                await consumer.stop()
    except asyncio.CancelledError:
        if cancelled():
            raise


async def check_topics(servers: str, security: Mapping[str, Any], specs: Iterable[Topic]) -> None:
    """Raises TopicMismatch, in words, where a topic is missing or differs, and KafkaError, OSError or TimeoutError
    where Kafka is away."""
    client = admin(servers, security)
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await client.start()
            await check(client, specs)
    finally:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(client.close(), CLOSE_SECONDS)
