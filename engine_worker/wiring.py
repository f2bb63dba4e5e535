"""Puts an engine worker together; nothing else in this service constructs clients."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog
from aiokafka.errors import KafkaError

from engine_worker.checkpoint_write import Checkpointer, OpenShelf, Shelf
from engine_worker.closing import Closing
from engine_worker.pace import Pace
from engine_worker.produce import Log
from engine_worker.settings import EngineSettings
from engine_worker.subscribe import start, subscribe
from engine_worker.takeover import Takeover
from engine_worker.term import Term
from engine_worker.worker import CHECKS, Membership, OpenTerm, work
from infra import health, tasks
from infra.backoff import Backoff
from infra.clock import SystemClock
from infra.garbage import look_at_the_young
from infra.kafka.client import admin, producer, reader
from infra.kafka.group import check_topics
from schemas.topics import MATCHES, Domain

log = structlog.get_logger()
CLOSE_SECONDS = 2.0
OPEN_SECONDS = 15.0
JOIN_SECONDS = 30.0  # a broker that keeps the clients waiting for longer is asked anew
# Players wait for a takeover, and aiokafka pauses so long before each of its four topics, to learn their leaders.
TAKEOVER = {"fetch_max_wait_ms": 20, "retry_backoff_ms": 20}


def term_opener(settings: EngineSettings, domain: Domain, closing: Closing) -> OpenTerm:
    """How a term starts, and how its clients are thrown away when it ends."""

    @contextlib.asynccontextmanager
    async def open_term() -> AsyncIterator[Membership]:
        name, clock = settings.worker_name, SystemClock()
        writer = producer(settings.kafka, settings.security, client_id=name)
        fold = reader(settings.kafka, settings.security, client_id=name, **TAKEOVER)
        log = Log(writer, domain, settings.produce_deadline_seconds)
        pace = Pace(settings.checkpoint_outcomes, settings.checkpoint_seconds, settings.checkpoint_share)
        checkpoints = Checkpointer(shelf_opener(settings, domain, closing), pace, clock.now_ms)
        term = Term(log, Takeover(fold, log, domain, name, clock.now_ms), checkpoints, domain)
        broker, subscriber = subscribe(settings, domain, term)
        try:
            async with asyncio.timeout(JOIN_SECONDS):
                await asyncio.gather(writer.start(), fold.start())
                consumer = await start(broker, subscriber, term)
            yield Membership(term, consumer)
        finally:
            term.end()
            closing.begin("subscriber", broker.stop)
            closing.begin("reader", fold.stop)
            closing.begin("producer", writer.stop)

    return open_term


def shelf_opener(settings: EngineSettings, domain: Domain, closing: Closing) -> OpenShelf:
    """How the checkpoint topics are opened, when the first checkpoint is due."""

    @contextlib.asynccontextmanager
    async def open_shelf() -> AsyncIterator[Shelf]:
        name = f"{settings.worker_name}-checkpoints"
        writer = producer(settings.kafka, settings.security, client_id=name)
        deleter = admin(settings.kafka, settings.security, client_id=name)
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                await asyncio.gather(writer.start(), deleter.start())
            yield Shelf(writer, deleter, domain)
        finally:
            closing.begin("checkpoints", writer.stop)
            closing.begin("checkpoints' admin", deleter.close)

    return open_shelf


async def watch_topics(settings: EngineSettings, domain: Domain, stop: asyncio.Event) -> None:
    """Refuse a broker whose topics would lose or reorder the log: TopicMismatch ends the process.

    Beside the first term, since what a term appends is never wrong, and players wait for it. A broker that is
    away is asked again.
    """
    backoff = Backoff(stop, first=0.1, most=3.0)
    while not stop.is_set():
        try:
            specs = (*domain.topics(), *domain.checkpoint_topics())
            await check_topics(settings.kafka, settings.security, specs)
            await stop.wait()
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning("topics_not_checked", error=type(error).__name__, attempt=backoff.attempt)
            await backoff.wait()


async def run(settings: EngineSettings) -> None:
    """Work until SIGTERM or SIGINT."""
    stop = tasks.stopping()
    state = health.Health(CHECKS)
    closing = Closing()
    await tasks.run_together(
        stop,
        {
            "engine": work(term_opener(settings, MATCHES, closing), SystemClock().now_ms, state, stop),
            "topics": watch_topics(settings, MATCHES, stop),
        },
        background={
            "garbage": look_at_the_young(stop),
            "health": health.serve(state, settings.health_host, settings.health_port),
        },
    )
    await closing.finish(CLOSE_SECONDS)
