"""Puts a session worker together; nothing else in this service constructs clients."""

import asyncio
from functools import partial

from infra import health, tasks
from infra.clock import SystemClock
from infra.kafka.client import partition_of
from infra.kafka.follow import Follower
from infra.kafka.group import check_topics, member
from infra.redis_line import Line
from schemas.topics import MATCHES, PARTITIONS, Domain
from session_worker.settings import SessionSettings
from session_worker.store import Store
from session_worker.worker import SessionWorker, Standing

POLL_RECORDS = 1000  # parsed in one go, during which no heartbeat is sent
# One poll takes what one fetch brought of a partition that is read back: while anything is left of it aiokafka
# fetches the other partitions alone, which may wait for half a second.
FETCH_PARTITION_BYTES = 768 << 10


def follower(settings: SessionSettings, domain: Domain, store: Store, state: health.Health) -> Follower[Standing]:
    """The loop that brings a domain's outcomes to Redis."""
    clock = SystemClock()
    worker = SessionWorker(store, clock, lambda match: partition_of(match.encode(), PARTITIONS))
    return Follower(
        worker,
        domain.outcomes,
        open_consumer=partial(
            member,
            settings.kafka,
            settings.security,
            group=domain.group("session"),
            name=settings.worker_name,
            session_timeout_ms=settings.session_timeout_ms,
            max_partition_fetch_bytes=FETCH_PARTITION_BYTES,
        ),
        prepare=partial(check_topics, settings.kafka, settings.security, domain.topics()),
        health=state,
        clock=clock,
        max_records=POLL_RECORDS,
    )


async def run(settings: SessionSettings) -> None:
    """Work until SIGTERM or SIGINT."""
    stop = tasks.stopping()
    state = health.Health(["kafka", "partitions", "redis"], beat_seconds=30)
    line = Line(settings.redis_url.get_secret_value(), settings.worker_name)
    await tasks.run_together(
        stop,
        {"session": follower(settings, MATCHES, Store(line), state).run(stop)},
        background={
            "redis": line.run(asyncio.Event()),  # until the follower has ended
            "health": health.serve(state, settings.health_host, settings.health_port),
        },
    )
