"""What a producer's answer means to its owner, and what becomes of an owner that ends while it waits."""

import asyncio
from typing import Any

import pytest

from engine_worker.produce import Log, Unacknowledged
from schemas.topics import MATCHES
from tests.words import AT

PATIENCE = 10.0


class Slow:
    """A producer that answers when the test wants it."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def send_and_wait(self, *_: Any, **__: Any) -> Any:
        return await self.answer


async def test_what_is_not_acknowledged_in_time_is_unknown() -> None:
    log = Log(Slow(), MATCHES, 0.01)  # type: ignore[arg-type]
    with pytest.raises(Unacknowledged):
        await log.fence(0, "engine-1", AT)


async def test_an_answer_in_the_moment_of_the_end_does_not_keep_anybody_alive() -> None:
    """Found by simulation (seed 3432): who waited for an answer went on as if nobody had ended it."""
    producer = Slow()
    waiting = asyncio.create_task(Log(producer, MATCHES, PATIENCE).fence(0, "engine-1", AT))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    producer.answer.set_result(None)
    waiting.cancel()
    await asyncio.wait({waiting}, timeout=PATIENCE)
    assert waiting.cancelled()
