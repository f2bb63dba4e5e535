"""Puts an engine worker together; nothing else in this service constructs clients."""

import contextlib
from collections.abc import AsyncIterator

from engine_worker.produce import Log
from engine_worker.settings import EngineSettings
from engine_worker.subscribe import subscribe
from engine_worker.takeover import Takeover
from engine_worker.term import Term
from engine_worker.worker import Membership, OpenTerm, bounded, work
from infra import health, tasks
from infra.clock import SystemClock
from infra.kafka.client import admin, producer, reader
from infra.kafka.topics import check
from schemas.topics import MATCHES, Domain

CLOSE_SECONDS = 2.0


def term_opener(settings: EngineSettings, domain: Domain) -> OpenTerm:
    """How a term starts and how it is thrown away again, clients and all."""

    @contextlib.asynccontextmanager
    async def open_term() -> AsyncIterator[Membership]:
        writer = producer(settings.kafka, settings.security, client_id=settings.worker_name)
        fold = reader(
                settings.kafka, settings.security, client_id=settings.worker_name, fetch_max_wait_ms=20
            )
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(bounded("producer", CLOSE_SECONDS, writer.stop))
            await writer.start()
            await stack.enter_async_context(bounded("reader", CLOSE_SECONDS, fold.stop))
            await fold.start()
            log = Log(writer, domain, settings.produce_deadline_seconds)
            takeover = Takeover(fold, log, domain, settings.worker_name, SystemClock().now_ms)
            term = Term(log, takeover, domain)
            broker, subscriber = subscribe(settings, domain, term)
            stop_broker = bounded("subscriber", settings.produce_deadline_seconds + 2, broker.stop)
            await stack.enter_async_context(stop_broker)
            await stack.enter_async_context(bounded("takeovers", CLOSE_SECONDS, term.stop_takeovers))
            await broker.start()
            if subscriber.consumer is None:
                raise RuntimeError("FastStream started its subscriber without a consumer")
            yield Membership(term, subscriber.consumer)

    return open_term


async def check_topics(settings: EngineSettings, domain: Domain) -> None:
    """Refuse a broker whose topics would lose or reorder the log. Raises TopicMismatch."""
    client = admin(settings.kafka, settings.security)
    async with bounded("admin", CLOSE_SECONDS, client.close):
        await client.start()
        await check(client, domain.topics())


async def run(settings: EngineSettings) -> None:
    """Work until SIGTERM or SIGINT."""
    stop = tasks.stopping()
    state = health.Health(["partitions"])
    await check_topics(settings, MATCHES)
    await tasks.run_together(
        stop,
        {"engine": work(term_opener(settings, MATCHES), SystemClock().now_ms, state, stop)},
        background={"health": health.serve(state, settings.health_host, settings.health_port)},
    )
