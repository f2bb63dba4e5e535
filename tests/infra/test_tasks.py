"""Tasks of a process: none ends unnoticed, a stop is bounded."""

import asyncio
import os
import signal
from typing import Any

import pytest

from infra.tasks import TaskEnded, run_together, stopping, until
from tests.infra.conftest import Eventually


async def forever(notes: list[str] | None = None) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        if notes is not None:
            notes.append("cancelled")


async def fail() -> None:
    raise ValueError("broken")


async def end() -> None:
    return


async def test_a_failure_cancels_the_others_and_surfaces() -> None:
    notes: list[str] = []
    with pytest.raises(ExceptionGroup) as caught:
        await run_together(asyncio.Event(), {"good": forever(notes), "bad": fail()})
    assert caught.group_contains(ValueError, match="broken")
    assert notes == ["cancelled"]


async def test_an_early_end_is_a_failure() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        await run_together(asyncio.Event(), {"loop": end()}, background={"health": forever()})
    assert caught.group_contains(TaskEnded, match="loop ended")


async def test_a_cancellation_that_nobody_asked_for_is_a_failure() -> None:
    async def leak() -> None:
        raise asyncio.CancelledError

    with pytest.raises(ExceptionGroup) as caught:
        await run_together(asyncio.Event(), {"loop": leak()}, background={"health": forever()})
    assert caught.group_contains(TaskEnded, match="loop was cancelled from inside")


async def test_a_failing_background_task_ends_all() -> None:
    with pytest.raises(ExceptionGroup):
        await run_together(asyncio.Event(), {"loop": forever()}, background={"health": fail()})


async def test_a_stop_lets_work_end_and_then_cancels_the_background() -> None:
    stop, notes = asyncio.Event(), []

    async def work() -> None:
        await stop.wait()
        notes.append("drained")

    running = asyncio.create_task(run_together(stop, {"loop": work()}, background={"health": forever(notes)}))
    stop.set()
    async with asyncio.timeout(5):
        await running
    assert notes == ["drained", "cancelled"]


async def test_work_that_does_not_end_is_cancelled_after_its_grace() -> None:
    stop, notes = asyncio.Event(), list[str]()
    stop.set()
    async with asyncio.timeout(5):
        await run_together(stop, {"loop": forever(notes)}, grace=0.05)
    assert notes == ["cancelled"]


async def test_sigterm_sets_the_stop(eventually: Eventually) -> None:
    loop: Any = asyncio.get_running_loop()
    stop = stopping()
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        await eventually(stop.is_set)
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        loop.remove_signal_handler(signal.SIGTERM)


async def test_a_pause_ends_with_the_stop() -> None:
    stop = asyncio.Event()
    assert not await until(stop, 0.001)
    stop.set()
    assert await until(stop, 60)
