"""Puts a history sink together; nothing else in this service constructs clients."""

from functools import partial

from history_sink.settings import SinkSettings
from history_sink.sink import HistorySink, Standing
from history_sink.store import Store
from infra import health, tasks
from infra.clock import SystemClock
from infra.kafka.follow import Follower
from infra.kafka.group import check_topics, member
from schemas.topics import MATCHES, Domain

POLL_RECORDS = 16_000  # the more, the fewer times a match's row is written while catching up
# Nobody waits for history: a transaction for every move cost a quarter of a core at 200 moves/s.
FETCH_BYTES = 1 << 16
FETCH_WAIT_MS = 100
BEAT_SECONDS = 60  # a statement may take 30 s before it is given up


def follower(settings: SinkSettings, domain: Domain, store: Store, state: health.Health) -> Follower[Standing]:
    """The loop that brings a domain's outcomes into the tables."""
    clock = SystemClock()
    return Follower(
        HistorySink(store, clock),
        domain.outcomes,
        open_consumer=partial(
            member,
            settings.kafka,
            settings.security,
            group=domain.group("history"),
            name=settings.worker_name,
            session_timeout_ms=settings.session_timeout_ms,
            fetch_min_bytes=FETCH_BYTES,
            fetch_max_wait_ms=FETCH_WAIT_MS,
        ),
        prepare=partial(check_topics, settings.kafka, settings.security, domain.topics()),
        health=state,
        clock=clock,
        max_records=POLL_RECORDS,
    )


async def run(settings: SinkSettings) -> None:
    """Work until SIGTERM or SIGINT."""
    stop = tasks.stopping()
    state = health.Health(["kafka", "partitions", "postgres"], beat_seconds=BEAT_SECONDS)
    store = Store(settings.postgres_url.get_secret_value(), settings.worker_name)
    try:
        await tasks.run_together(
            stop,
            {"history": follower(settings, MATCHES, store, state).run(stop)},
            background={"health": health.serve(state, settings.health_host, settings.health_port)},
        )
    finally:
        await store.close()
