"""A plain producer that writes anything at any place of the log, as a hijacker or a broken client would."""

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaProducer

from infra.kafka.client import producer

Headers = Sequence[tuple[str, bytes]]
FENCE = b"org.playlog.log.fence.v1"


class Raw:
    """Bytes to a topic, partition by partition."""

    def __init__(self, sender: AIOKafkaProducer) -> None:
        self._sender = sender

    async def append(
        self, topic: str, partition: int, key: bytes | None, value: bytes | None, headers: Headers = ()
    ) -> int:
        """The offset at which it landed; raises KafkaError where the broker refuses it."""
        sent: Any = await self._sender.send_and_wait(topic, value, key, partition, headers=list(headers))
        return int(sent.offset)

    async def fence(self, topic: str, partition: int) -> int:
        """A fence of nobody we know."""
        identity = uuid.uuid4().hex.encode()
        headers = [("ce_type", FENCE), ("ce_id", identity), ("ce_specversion", b"1.0")]
        return await self.append(topic, partition, None, b'{"owner": "hijacker"}', headers)


@asynccontextmanager
async def raw(servers: str) -> AsyncIterator[Raw]:
    """A writer that allows itself batches larger than any topic takes."""
    sender = producer(servers, max_batch_size=4 << 20)
    await sender.start()
    try:
        yield Raw(sender)
    finally:
        await sender.stop()
