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

    async def send(self, outgoing: Outgoing) -> None:
        """Send its first batch that was not sent yet. At most two are on their way: aiokafka lets a third wait."""
        await self._within(self._send(outgoing))

    async def outcomes(self, outgoing: Sequence[Outgoing]) -> None:
        """Send what was not sent yet, wait until everything is acknowledged, and check where it landed."""
        await self._within(self._settle(outgoing))
        for one in outgoing:
            for batch, answer in zip(one.batches, one.answers, strict=True):
                one.owner.landed(answer.result().offset, batch.record_count())

    async def _send(self, outgoing: Outgoing) -> None:
        batch = outgoing.batches[len(outgoing.answers)]
        batch.close()
        topic, partition = self._domain.outcomes, outgoing.owner.partition
        answer = await self._producer.send_batch(batch, topic, partition=partition)
        answer.add_done_callback(_heard)
        outgoing.answers.append(answer)

    async def _settle(self, outgoing: Sequence[Outgoing]) -> None:
        for one in outgoing:
            while len(one.answers) < len(one.batches):
                await self._send(one)
        await asyncio.gather(*(answer for one in outgoing for answer in one.answers))

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


def _heard(answer: asyncio.Future[Any]) -> None:
    """A poll that fails before it waits for its answers ends the term; asyncio need not report each one, too."""
    if not answer.cancelled():
        answer.exception()
