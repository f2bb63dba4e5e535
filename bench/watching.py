"""Waits, with a bound, for something to get done, and notes what it cost from its first sign to its end."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from aiokafka import TopicPartition

from bench.processes import Cpu, cpu, spent
from schemas.topics import PARTITIONS

LOOK_SECONDS = 0.05
STALLED_SECONDS = 60.0


class Work(NamedTuple):
    """`done` things in `seconds`, from the first sight of progress; CPU by process in the same time."""

    done: int
    seconds: float
    cpu: Mapping[str, Cpu]

    @property
    def rate(self) -> float:
        return self.done / self.seconds


async def watch(look: Callable[[], Awaitable[int]], goal: int, pids: Mapping[str, int]) -> Work:
    """Until `look` has reached `goal`; raises TimeoutError when it stands still for STALLED_SECONDS."""
    begun, moved, last = None, time.monotonic(), await look()
    while True:
        found, now = await look(), time.monotonic()
        if found != last:
            begun = begun or (found, now, cpu(pids))
            last, moved = found, now
        if found >= goal:
            begun = begun or (found, now, cpu(pids))  # it was there from the start
            done = found - begun[0]
            return Work(done, max(now - begun[1], LOOK_SECONDS), spent(begun[2], cpu(pids)))
        if now - moved > STALLED_SECONDS:
            raise TimeoutError(f"still at {found} of {goal} after {STALLED_SECONDS:.0f} s without progress")
        await asyncio.sleep(LOOK_SECONDS)


def total_of(consumer: Any, topic: str) -> Callable[[], Awaitable[int]]:
    """How many records a topic has now."""
    names = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]

    async def look() -> int:
        return int(sum((await consumer.end_offsets(names)).values()))

    return look
