"""A domain of its own on the real broker for each test, the authors' logs on it, and followers in this process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

from infra.health import Health
from infra.kafka.client import admin, partition_of, producer
from infra.kafka.follow import Follower
from infra.kafka.topics import apply
from schemas.topics import PARTITIONS, Domain
from tests.session_worker.author import Author

DEADLINE = 20.0


async def until(condition: Callable[[], Awaitable[Any]], what: str, seconds: float = DEADLINE) -> Any:
    """Wait for a true answer; fails with `what` after `seconds`."""
    found = None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not (found := await condition()):
                await asyncio.sleep(0.02)
    assert found, f"not within {seconds} s: {what}"
    return found


async def new_domain(kafka: str) -> Domain:
    """Fresh topics."""
    domain = Domain(f"test-{uuid4().hex[:8]}")
    client = admin(kafka)
    await client.start()
    try:
        await apply(client, domain.topics())
    finally:
        await client.close()
    return domain


class Log:
    """Brings authors' lines to the broker, each at the offset that its author gave it."""

    def __init__(self, domain: Domain, sender: Any) -> None:
        self.domain, self._sender = domain, sender
        self._sent: dict[int, int] = {}

    async def publish(self, *authors: Author) -> None:
        for author in authors:
            first = self._sent.get(author.partition, 0)
            for line in author.lines[first:]:
                sent = await self._sender.send_and_wait(
                    self.domain.outcomes,
                    key=line.key,
                    value=line.value,
                    headers=line.headers,
                    partition=author.partition,
                )
                assert sent.offset == line.offset
            self._sent[author.partition] = len(author.lines)


@contextlib.asynccontextmanager
async def open_log(kafka: str) -> AsyncIterator[Log]:
    sender = producer(kafka)
    await sender.start()
    try:
        yield Log(await new_domain(kafka), sender)
    finally:
        await sender.stop()


@contextlib.asynccontextmanager
async def running(follower: Follower[Any]) -> AsyncIterator[asyncio.Event]:
    """The follower at work; it ends by its stop event, as on SIGTERM."""
    stop = asyncio.Event()
    task = asyncio.create_task(follower.run(stop))
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(task, DEADLINE)


async def ready(health: Health) -> None:
    async def is_ready() -> bool:
        return health.ready

    with contextlib.suppress(AssertionError):
        await until(is_ready, "ready")
    assert health.ready, health.report()


def home_of(match: str) -> int:
    return partition_of(match.encode(), PARTITIONS)
