"""The sink's tables when they come back older than they were."""

from typing import Any

import pytest

from history_sink.store import Store
from infra.stack.trial import Trial
from tests.history_sink.test_sink import author, expected, follower, found, read_to
from tests.session_worker.author import Game
from tests.session_worker.real import Log, ready, running, until

pytestmark = pytest.mark.stack
PLACE = "next_offset = $1, watermark = $2, crc = $3 WHERE partition = 0"


async def test_given_tables_that_come_back_with_older_rows_then_they_are_brought_up_without_traffic(
    stack: Trial, log: Log, store: Store, url: str, db: Any
) -> None:
    written = author()
    game = Game(written, "older rows")
    game.create()
    work, health = follower(stack, log, store, url)
    async with running(work):
        await log.publish(written)
        await until(lambda: read_to(db, written), "the first version")
        older = await db.fetchrow("SELECT next_offset, watermark, crc FROM history.progress WHERE partition = 0")
        game.join()
        await log.publish(written)
        await until(lambda: read_to(db, written), "the second version")
        async with db.transaction():
            await db.execute("DELETE FROM history.events WHERE version = 2")
            await db.execute(f"UPDATE history.progress SET {PLACE}", *older)
        await until(lambda: read_to(db, written), "the second version again")
        await ready(health)
    assert await found(db) == expected(written)
