"""What tests of the machinery share."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from infra.tasks import until

Eventually = Callable[[Callable[[], bool]], Awaitable[None]]


@pytest.fixture
def eventually() -> Eventually:
    """Waits until a condition holds, at most 5 s."""

    async def wait(holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not holds():
                await until(asyncio.Event(), 0.01)

    return wait
