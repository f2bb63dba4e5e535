"""The worker: one term after the other until it is stopped; a fault ends a term, never the worker."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from engine_worker.owner import LostOwnership
from engine_worker.restore import NewerLog
from engine_worker.takeover import LogTruncated
from engine_worker.term import Term
from infra import metrics
from infra.backoff import Backoff
from infra.garbage import look_at_all
from infra.health import Health

log = structlog.get_logger()
TIMER_SECONDS = 0.1
COMMIT_SECONDS = 1.0
STUCK_SECONDS = 15.0
FATAL = (LogTruncated, NewerLog)


class Membership(NamedTuple):
    """A started term and the consumer that FastStream polls for it."""

    term: Term
    consumer: AIOKafkaConsumer


OpenTerm = Callable[[], contextlib.AbstractAsyncContextManager[Membership]]


async def work(open_term: OpenTerm, clock: Callable[[], int], health: Health, stop: asyncio.Event) -> None:
    """Run terms until `stop`. Raises LogTruncated or NewerLog: then the log itself needs a person."""
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
            health.set("partitions", False, f"term ended: {reason}")
            level = log.warning if isinstance(error, LostOwnership) else log.error
            level("term_ended", reason=reason, error=str(error))
            look_at_all()
            if time.monotonic() - began > STUCK_SECONDS:
                backoff.reset()
            await backoff.wait()


async def _until_fault(
    membership: Membership, clock: Callable[[], int], health: Health, stop: asyncio.Event
) -> None:
    term, consumer = membership
    tasks: list[asyncio.Future[Any]] = [
        asyncio.ensure_future(term.failed),
        asyncio.create_task(stop.wait()),
        asyncio.create_task(_every(TIMER_SECONDS, lambda: term.report_deadlines(clock()))),
        asyncio.create_task(_every(COMMIT_SECONDS, lambda: term.commit(consumer))),
        asyncio.create_task(_watch(term, consumer, health)),
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


async def _every(seconds: float, action: Callable[[], Awaitable[Any]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        await action()


async def _watch(term: Term, consumer: AIOKafkaConsumer, health: Health) -> None:
    """Tell /readyz the truth, and end the term when nothing has been polled for long."""
    while True:
        await asyncio.sleep(0.25)
        health.beat()
        words = "" if term.ready else f"{len(term.owners)} of {len(term.assigned)} partitions restored"
        health.set("partitions", term.ready or not term.assigned, words)
        _report_lag(term, consumer)
        for owner in term.owners.values():
            polled = consumer.last_poll_timestamp(TopicPartition(_topic(consumer), owner.partition))
            if polled and time.time() - polled / 1000 > STUCK_SECONDS:
                raise TimeoutError(f"nothing polled from partition {owner.partition} for {STUCK_SECONDS} s")


def _topic(consumer: AIOKafkaConsumer) -> str:
    return str(next(iter(consumer.subscription())))


def _report_lag(term: Term, consumer: AIOKafkaConsumer) -> None:
    for owner in term.owners.values():
        tp = TopicPartition(_topic(consumer), owner.partition)
        end = consumer.highwater(tp)
        if end is not None:
            lag = max(0, end - owner.watermark - 1)
            metrics.LAG_RECORDS.labels(topic=tp.topic, partition=str(tp.partition)).set(lag)
