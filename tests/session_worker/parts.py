"""A session worker's parts put together by hand, and what to wait for."""

import json
from typing import Any

from redis.asyncio import Redis

from infra.clock import SystemClock
from infra.health import Health
from infra.kafka.follow import Follower
from infra.redis_line import Line
from infra.stack.trial import Trial
from schemas import keys
from session_worker import wiring
from session_worker.settings import SessionSettings
from session_worker.store import Store
from session_worker.worker import SessionWorker, Standing
from tests.session_worker.author import Author, Game
from tests.session_worker.real import Log, home_of


def author(partition: int = 0) -> Author:
    """A log that begins now, so that what is written does not expire at once."""
    started = Author(partition, at=SystemClock().now_ms())
    started.take_over("first")
    return started


def follower(
    stack: Trial, log: Log, line: Line, name: str = "session-1", kept: Store | None = None
) -> tuple[Follower[Standing], Health]:
    health = Health(["kafka", "partitions", "redis"])
    settings = SessionSettings(
        kafka=stack.kafka_address, redis_url=stack.redis_url, worker_name=name, session_timeout_ms=1500
    )
    return wiring.follower(settings, log.domain, kept or Store(line), health), health


def worker(line: Line) -> SessionWorker:
    return SessionWorker(Store(line), SystemClock(), home_of)


async def shows(redis: Redis, game: Game) -> bool:
    """Whether Redis has exactly the match's newest snapshot."""
    found: Any = await redis.hgetall(keys.match(game.id))
    version = int(found.get(b"version", 0))
    return version == game.version and json.loads(found[b"public"])["round"] == game.round


async def read_to(redis: Redis, at: Author) -> bool:
    found = await redis.get(keys.progress(at.partition))
    return found is not None and json.loads(found)["next"] == len(at.lines)
