"""What FastStream is told when the way in is made, and how it then waits."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import UnsupportedCodecError

from engine_worker.settings import EngineSettings
from engine_worker.subscribe import POLL_MS, start, subscribe
from infra.kafka.client import admin, producer
from infra.kafka.topics import apply
from infra.stack.trial import Trial
from schemas.topics import MATCHES, Domain

DEADLINE = 15.0


class Term:
    """Takes what it is given, from the beginning; `got` is full as soon as a poll brought something."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.got: asyncio.Queue[tuple[Any, ...]] = asyncio.Queue()
        self.failures: asyncio.Queue[BaseException] = asyncio.Queue()

    async def handle(self, records: tuple[Any, ...]) -> None:
        self.got.put_nowait(records)

    def fail(self, error: BaseException) -> None:
        self.failures.put_nowait(error)

    def assign(self, consumer: AIOKafkaConsumer, partitions: list[int]) -> None:
        for partition in partitions:
            consumer.seek(TopicPartition(self.domain.commands, partition), 0)

    async def revoke(self) -> None:
        """Nothing is kept."""


@pytest.fixture
async def domain(stack: Trial) -> AsyncIterator[Domain]:
    made, client = Domain(f"trial-{secrets.token_hex(4)}"), admin(stack.kafka_address)
    await client.start()
    await apply(client, made.topics(1))
    yield made
    await client.close()


async def test_every_bootstrap_server_is_one_of_its_own() -> None:
    settings = EngineSettings(kafka="one:9092,two:9092,three:9092")
    term: Any = Term(MATCHES)
    broker, _ = subscribe(settings, MATCHES, term)
    assert list(broker.specification.url) == ["one:9092", "two:9092", "three:9092"]


@pytest.mark.stack
async def test_an_engine_at_rest_polls_twice_a_second_and_a_command_ends_the_poll(
    stack: Trial, domain: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    polls: asyncio.Queue[float] = asyncio.Queue()
    getmany = AIOKafkaConsumer.getmany

    async def counted(*arguments: Any, **more: Any) -> Any:
        polls.put_nowait(time.monotonic())
        return await getmany(*arguments, **more)

    monkeypatch.setattr(AIOKafkaConsumer, "getmany", counted)
    term, writer = Term(domain), producer(stack.kafka_address)
    given: Any = term
    broker, subscriber = subscribe(EngineSettings(kafka=stack.kafka_address), domain, given)
    try:
        async with asyncio.timeout(DEADLINE):
            await asyncio.gather(start(broker, subscriber, given), writer.start())
            for _ in range(4):  # the first ones may have begun before they were patient
                begun = await polls.get()
            assert await polls.get() - begun >= 0.9 * POLL_MS / 1000
            await writer.send_and_wait(domain.commands, b"a command", partition=0)
            sent = time.monotonic()
            (record,) = await term.got.get()
            assert record.value == b"a command"
            assert time.monotonic() - sent < 0.9 * POLL_MS / 1000
    finally:
        await broker.stop()
        await writer.stop()


@pytest.mark.stack
async def test_a_poll_that_fails_ends_the_term_with_its_reason(
    stack: Trial, domain: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> Any:
        raise UnsupportedCodecError("no such codec")

    monkeypatch.setattr(AIOKafkaConsumer, "getmany", broken)
    term = Term(domain)
    given: Any = term
    broker, subscriber = subscribe(EngineSettings(kafka=stack.kafka_address), domain, given)
    try:
        async with asyncio.timeout(DEADLINE):
            await start(broker, subscriber, given)
            assert isinstance(await term.failures.get(), UnsupportedCodecError)
    finally:
        await broker.stop()
