"""The sink's tables when they come back older than they were, and when rows are stored while others go."""

import asyncio
from typing import Any

import pytest

from history_sink.sink import HistorySink
from history_sink.store import Store
from infra.clock import SystemClock
from infra.stack.trial import Trial
from tests.history_sink.test_sink import author, expected, follower, found, read_to
from tests.session_worker.author import SHAPES, Game, play
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


async def test_given_rows_stored_while_a_partition_is_erased_then_all_of_them_stay(
    store: Store, url: str, db: Any
) -> None:
    written = author()
    play(written, "erased", [(SHAPES[1], SHAPES[0])] * 2)
    half = len(written.lines) // 2
    other = Store(url, "rival")
    stalled, rival = HistorySink(store, SystemClock()), HistorySink(other, SystemClock())
    stale = (await stalled.apply({0: (await stalled.begin(0, 0), written.lines[:half])}))[0]

    async def both_wait() -> bool:
        return bool(await db.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted") == 2)

    async with asyncio.TaskGroup() as group, db.transaction():
        await db.execute("LOCK TABLE history.results IN EXCLUSIVE MODE")  # the rival's last statement waits
        group.create_task(rival.apply({0: (stale, written.lines[half:])}))
        await until(lambda: db.fetchval("SELECT 1 FROM pg_locks WHERE NOT granted"), "the rival waits")
        group.create_task(stalled.void(0, stale))
        await until(both_wait, "the erasing waits")
    assert await read_to(db, written)
    assert await found(db) == expected(written)
    await other.close()
