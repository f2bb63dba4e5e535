"""The owner of a process's tasks: none dies unnoticed, a signal stops all of them in bounded time."""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine, Mapping
from typing import Any

import structlog

log = structlog.get_logger()
Work = Coroutine[Any, Any, Any]
GRACE = 10.0


class TaskEnded(Exception):
    """A task that should run until the stop returned before it."""


def stopping() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set; call it inside the running loop. A second one kills."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal(number: signal.Signals) -> None:
        log.info("stop_requested", signal=number.name)
        stop.set()
        loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal, number)
    return stop


async def run_together(
    stop: asyncio.Event,
    work: Mapping[str, Work],
    *,
    background: Mapping[str, Work] | None = None,
    grace: float = GRACE,
) -> None:
    """Run named coroutines until `stop`; an early end or an exception cancels the others and surfaces.

    After `stop` the coroutines of `work` have `grace` seconds to end by themselves (they watch the same
    event); then whatever still runs is cancelled. Those of `background` (health, lag reports) are cancelled once
    `work` is done. Raises ExceptionGroup with TaskEnded or the task's own exception.
    """
    async with asyncio.TaskGroup() as group:
        own = [group.create_task(_until(stop, name, item), name=name) for name, item in work.items()]
        rest = [
            group.create_task(_until(stop, name, item), name=name) for name, item in (background or {}).items()
        ]
        group.create_task(_end(stop, own, rest, grace), name="stop")


async def _until(stop: asyncio.Event, name: str, item: Work) -> None:
    """A task group takes a CancelledError for a cancellation, but a library may leak one that nobody asked for."""
    how = "ended"
    try:
        await item
    except asyncio.CancelledError:
        if cancelled():
            raise
        how = "was cancelled from inside"
    if not stop.is_set():
        raise TaskEnded(f"{name} {how} although nobody asked it to")


def cancelled() -> bool:
    """Whether somebody asked this task to end; a CancelledError without that is an error like any other."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _end(
    stop: asyncio.Event, own: list[asyncio.Task[None]], rest: list[asyncio.Task[None]], grace: float
) -> None:
    await stop.wait()
    if own:
        _, late = await asyncio.wait(own, timeout=grace)
        for task in late:
            log.warning("task_cancelled", task=task.get_name(), reason="did not end in time")
            task.cancel()
    for task in rest:
        task.cancel()


async def until(stop: asyncio.Event, seconds: float) -> bool:
    """Wait for `stop` at most `seconds`; True when it was set. The pause of a periodic task."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
    return stop.is_set()
