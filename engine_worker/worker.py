"""The worker: one term after the other until it is stopped; a fault ends a term, never the worker."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import structlog
from aiokafka import AIOKafkaConsumer

from engine_worker.owner import LostOwnership
from engine_worker.restore import NewerLog
from engine_worker.takeover import LogTruncated
from engine_worker.term import Term
from engine_worker.watch import Watch
from infra import metrics
from infra.backoff import Backoff
from infra.garbage import look_at_all
from infra.health import Health

log = structlog.get_logger()
TIMER_SECONDS = 0.1
COMMIT_SECONDS = 1.0
LOOK_SECONDS = 0.25
STEADY_SECONDS = 15.0  # after a term of this length the next one begins at once
CHECKS = ("kafka", "partitions")
FATAL = (LogTruncated, NewerLog)


class Membership(NamedTuple):
    """A started term and the consumer that FastStream polls for it."""

    term: Term
    consumer: AIOKafkaConsumer


OpenTerm = Callable[[], contextlib.AbstractAsyncContextManager[Membership]]


async def work(open_term: OpenTerm, clock: Callable[[], int], health: Health, stop: asyncio.Event) -> None:
    """Run terms until `stop`. Raises LogTruncated or NewerLog: then the log itself needs a person."""
    pulse = asyncio.create_task(_every(LOOK_SECONDS, health.beat), name="pulse")
    try:
        await _terms(open_term, clock, health, stop)
    finally:
        pulse.cancel()


async def _terms(open_term: OpenTerm, clock: Callable[[], int], health: Health, stop: asyncio.Event) -> None:
    backoff = Backoff(stop, first=0.05, most=2.0)
    while not stop.is_set():
        began = time.monotonic()
        try:
            async with open_term() as membership:
                await _until_fault(membership, clock, health, stop)
        except FATAL as error:
            health.set("partitions", False, str(error))
            raise
        except Exception as error:  # the next term starts from the log
            reason = type(error).__name__
            metrics.TERMS.labels(reason=reason).inc()
            for check in CHECKS:
                health.set(check, False, f"term ended: {reason}")
            level = log.warning if isinstance(error, LostOwnership) else log.error
            level("term_ended", reason=reason, error=str(error))
            look_at_all()
            if time.monotonic() - began > STEADY_SECONDS:
                backoff.reset()
            await backoff.wait()


async def _until_fault(
    membership: Membership, clock: Callable[[], int], health: Health, stop: asyncio.Event
) -> None:
    term, consumer = membership
    watch = Watch(term, consumer, clock, health)
    tasks: list[asyncio.Future[Any]] = [
        asyncio.ensure_future(term.failed),
        asyncio.create_task(stop.wait()),
        asyncio.create_task(_every(TIMER_SECONDS, lambda: term.report_deadlines(clock()))),
        asyncio.create_task(_every(COMMIT_SECONDS, lambda: term.commit(consumer))),
        asyncio.create_task(_every(LOOK_SECONDS, watch.look)),
        asyncio.create_task(term.checkpoints.run()),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        watch.end()


async def _every(seconds: float, action: Callable[[], Awaitable[Any] | None]) -> None:
    while True:
        await asyncio.sleep(seconds)
        waiting = action()
        if waiting is not None:
            await waiting
