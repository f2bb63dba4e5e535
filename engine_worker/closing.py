"""Throws a term's clients away beside the next term: closing one may hang, and nobody has to wait for it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

log = structlog.get_logger()
PATIENCE_SECONDS = 10.0

Close = Callable[[], Awaitable[Any]]


class Closing:
    """Owns the closings under way. After PATIENCE_SECONDS a client is abandoned, and that is said."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, label: str, close: Close) -> None:
        """Close in the background."""
        task = asyncio.create_task(_close(label, close), name=f"close {label}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self, seconds: float) -> None:
        """Wait for what is still closing, at most `seconds`; the end of the process does the rest."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)


async def _close(label: str, close: Close) -> None:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await close()
    except Exception as error:  # it is being thrown away
        log.warning("abandoned", name=label, error=type(error).__name__)
