"""Append to the log: fences, outcome batches, dead letters and timer commands, each within a deadline."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from engine_worker.outgoing import Outgoing
from engine_worker.owner import LostOwnership, Owner
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

    def outgoing(self, owner: Owner) -> Outgoing:
        """Where an owner's next outcomes are collected."""
        return Outgoing(owner, self._producer.create_batch)

    async def outcomes(self, outgoing: Sequence[Outgoing]) -> None:
        """Append every owner's outcomes, each partition's in idempotent batches, and check where they landed."""
        for owner, count, answer in await self._within(self._answers(outgoing)):
            owner.landed(answer.offset, count)

    async def _answers(self, outgoing: Sequence[Outgoing]) -> list[tuple[Owner, int, Any]]:
        batches = [(one.owner, batch) for one in outgoing for batch in one.batches]
        sent = [await self._send_batch(batch, owner.partition) for owner, batch in batches]
        answers = await asyncio.gather(*sent)
        return [
            (owner, batch.record_count(), answer) for (owner, batch), answer in zip(batches, answers, strict=True)
        ]

    async def _send_batch(self, batch: Any, partition: int) -> Any:
        batch.close()
        return await self._producer.send_batch(batch, self._domain.outcomes, partition=partition)

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
