"""Append to the log: fences, outcome batches, dead letters and timer commands, each within a deadline."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from engine_worker.owner import LostOwnership, Owner, Taken
from schemas.codec import Record, encode_fence
from schemas.log import Fence
from schemas.topics import Domain
from schemas.word import Millis


class Unacknowledged(LostOwnership):
    """The broker did not answer in time: nobody tries to find out what landed, the log tells."""


class Log:
    """One producer's view of a domain's topics. After any error it is abandoned with everything it served."""

    def __init__(self, producer: AIOKafkaProducer, domain: Domain, deadline: float) -> None:
        self._producer = producer
        self._domain = domain
        self._deadline = deadline

    async def fence(self, partition: int, worker: str, now: Millis) -> Fence:
        """Write "from here on I own this partition"; the record's place and id are the owner's name."""
        fence_id = uuid4().hex
        record = encode_fence(fence_id, worker, now)
        topic = self._domain.outcomes
        metadata = await self._within(
            self._producer.send_and_wait(topic, record.value, record.key, partition, headers=record.headers)
        )
        return Fence(metadata.offset, fence_id)

    async def outcomes(self, batches: Sequence[tuple[Owner, Sequence[Taken]]]) -> None:
        """Append every owner's outcomes, each partition's in one idempotent batch, and check where they landed."""
        for owner, count, answer in await self._within(self._answers(batches)):
            owner.landed(answer.offset, count)

    async def _answers(self, batches: Sequence[tuple[Owner, Sequence[Taken]]]) -> list[tuple[Owner, int, Any]]:
        sent = [one for owner, taken in batches if taken for one in await self._batches(owner, taken)]
        answers = await asyncio.gather(*(future for _, _, future in sent))
        return [(owner, count, answer) for (owner, count, _), answer in zip(sent, answers, strict=True)]

    async def _batches(self, owner: Owner, taken: Sequence[Taken]) -> list[tuple[Owner, int, Any]]:
        """Hand one partition's records to the producer, as few batches as the broker's limit allows."""
        sent: list[tuple[Owner, int, Any]] = []
        builder, count = self._producer.create_batch(), 0
        for item in taken:
            if builder.append(key=item.key, value=item.value, timestamp=None, headers=item.headers) is None:
                sent.append((owner, count, await self._send_batch(builder, owner.partition)))
                builder, count = self._producer.create_batch(), 0
                builder.append(key=item.key, value=item.value, timestamp=None, headers=item.headers)
            count += 1
        sent.append((owner, count, await self._send_batch(builder, owner.partition)))
        return sent

    async def _send_batch(self, builder: Any, partition: int) -> Any:
        builder.close()
        return await self._producer.send_batch(builder, self._domain.outcomes, partition=partition)

    async def append(self, topic: str, partition: int | None, records: Sequence[Record], at_once: int) -> None:
        """Append records in order and wait until all of them are acknowledged.

        At most `at_once` share a batch: these topics take smaller batches than the producer makes.
        """
        for first in range(0, len(records), at_once):
            futures = [
                await self._within(
                    self._producer.send(topic, record.value, record.key, partition, headers=record.headers)
                )
                for record in records[first : first + at_once]
            ]
            await self._within(asyncio.gather(*futures))

    async def _within(self, waiting: Any) -> Any:
        try:
            async with asyncio.timeout(self._deadline):  # Python 3.11's wait_for may swallow a cancellation
                return await waiting
        except TimeoutError as error:
            raise Unacknowledged(f"the broker did not acknowledge within {self._deadline} s") from error
