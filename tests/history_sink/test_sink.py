"""The history sink on real Kafka and PostgreSQL: rows exactly once, whatever stops it."""

import json
from typing import Any

import pytest

from history_sink import wiring
from history_sink.settings import SinkSettings
from history_sink.sink import HistorySink, Standing
from history_sink.store import Claim, Store
from history_sink.tabulate import START, Rows, read, tabulate
from infra import postgres
from infra.clock import SystemClock
from infra.health import Health
from infra.kafka.follow import Follower
from infra.stack.trial import Trial
from schemas.log import Fence
from tests.session_worker.author import SHAPES, Author, Game, disturb, play
from tests.session_worker.real import Log, ready, running, until

pytestmark = pytest.mark.stack
EVENTS = 'SELECT match_id, version, ordinal, type, body, partition, "offset" FROM history.events'


def author(partition: int = 0) -> Author:
    started = Author(partition, at=SystemClock().now_ms())
    started.take_over("first")
    return started


def follower(stack: Trial, log: Log, store: Store, url: str) -> tuple[Follower[Standing], Health]:
    health = Health(["kafka", "partitions", "postgres"])
    settings = SinkSettings(
        kafka=stack.kafka_address, postgres_url=url, worker_name="history-1", session_timeout_ms=1500
    )
    return wiring.follower(settings, log.domain, store, health), health


def expected(*authors: Author) -> list[tuple[Any, ...]]:
    """All event rows of these logs, without their times."""
    return sorted(
        (match_id, version, ordinal, kind, json.loads(body), partition, offset)
        for one in authors
        for match_id, version, ordinal, _, kind, body, partition, offset in tabulate(
            Rows(), one.partition, read(START, one.lines).outcomes
        )
    )


async def found(db: Any) -> list[tuple[Any, ...]]:
    return sorted((str(row[0]), *row[1:]) for row in await db.fetch(EVENTS))


async def read_to(db: Any, at: Author) -> bool:
    query = "SELECT next_offset FROM history.progress WHERE partition = $1"
    return bool(await db.fetchval(query, at.partition) == len(at.lines))


async def test_every_row_of_a_match_reaches_the_tables(
    stack: Trial, log: Log, store: Store, url: str, db: Any
) -> None:
    logs = [author(0), author(3)]
    games = [play(one, f"rows-{one.partition}", [(SHAPES[1], SHAPES[0])] * 3) for one in logs]
    work, health = follower(stack, log, store, url)
    async with running(work):
        await ready(health)
        await log.publish(*logs)
        for one in logs:
            await until(lambda one=one: read_to(db, one), "all stored")  # type: ignore[misc]
        assert await found(db) == expected(*logs)
    match = await db.fetchrow("SELECT * FROM history.matches WHERE id = $1", games[0].id)
    assert (match["game"], match["status"], match["version"]) == ("rps", "playing", games[0].version)
    assert match["score"] == [1, 0]
    assert match["view"]["version"] == games[0].version
    assert match["ended_at"] is None
    seats = await db.fetch("SELECT seat, player FROM history.seats WHERE match_id = $1 ORDER BY seat", games[0].id)
    assert [tuple(seat) for seat in seats] == [(0, games[0].seats[0]), (1, games[0].seats[1])]
    results = await db.fetch(
        "SELECT winner, score, ended_by FROM history.results WHERE match_id = $1", games[0].id
    )
    assert [tuple(result) for result in results] == [(0, [2, 0], "score")]


@pytest.mark.parametrize("apart", [False, True], ids=["in one batch", "apart"])
async def test_given_a_match_that_ends_and_restarts_in_one_outcome_then_its_result_has_the_score_at_its_end(
    store: Store, db: Any, apart: bool
) -> None:
    written = author()
    sink = HistorySink(store, SystemClock())
    game = play(written, "at once", [(SHAPES[1], SHAPES[0])])
    before = len(written.lines) if apart else 1
    game.ask_rematch_late(0)
    begun = await sink.begin(0, 0)
    stored = await sink.apply({0: (begun, written.lines[:before])})
    await sink.apply({0: (stored[0], written.lines[before:])})
    [result] = await db.fetch("SELECT winner, score FROM history.results WHERE match_id = $1", game.id)
    assert tuple(result) == (0, [2, 0])


async def test_a_sink_restarted_midway_stores_each_row_once(
    stack: Trial, log: Log, store: Store, url: str, db: Any
) -> None:
    written = author()
    for number in range(3):
        game = play(written, f"restart-{number}", [(SHAPES[1], SHAPES[0])])
        disturb(written, game, "stale")
        written.take_over(f"again-{number}")
        await log.publish(written)
        work, health = follower(stack, log, store, url)
        async with running(work):
            await until(lambda: read_to(db, written), "all stored")
            await ready(health)
    assert await found(db) == expected(written)


async def test_stale_outcomes_leave_no_row(stack: Trial, log: Log, store: Store, url: str, db: Any) -> None:
    written = author()
    game = Game(written, "ignored")
    game.create()
    for kind in ("stale", "gap", "twice", "foreign", "unreadable"):
        disturb(written, game, kind)
    written.take_over("second")
    game.join()
    work, _ = follower(stack, log, store, url)
    async with running(work):
        await log.publish(written)
        await until(lambda: read_to(db, written), "all stored")
    assert [row[1] for row in await found(db)] == [1, 2, 2]


async def test_a_woken_sink_writes_nothing_twice(store: Store, url: str, db: Any) -> None:
    written = author()
    other = Store(url, "woken")
    woken, present = HistorySink(other, SystemClock()), HistorySink(store, SystemClock())
    play(written, "woken", [(SHAPES[1], SHAPES[0])])
    begun = await woken.begin(0, 0)
    await present.begin(0, 0)
    half = len(written.lines) // 2
    assert await present.apply({0: ((await present.stored([0]))[0], written.lines[:half])})
    assert await woken.apply({0: (begun, written.lines)}) == {}
    again = (await woken.stored([0]))[0]
    assert again.next == half
    assert await woken.apply({0: (again, written.lines[half:])})
    assert await found(db) == expected(written)
    await other.close()


async def test_one_lost_claim_leaves_no_row_of_any_partition(store: Store, db: Any) -> None:
    logs = [author(0), author(1)]
    for one in logs:
        Game(one, f"claims-{one.partition}").create()
    await store.begin(0)
    rows = Rows()
    taken = [read(START, one.lines) for one in logs]
    claims = [Claim(one.partition, 0, own.progress) for one, own in zip(logs, taken, strict=True)]
    assert not await store.write(claims, tabulate(rows, 0, taken[0].outcomes), rows)
    assert not await found(db)
    assert (await store.progress([0]))[0] == START


async def test_a_postgres_that_was_killed_is_caught_up_with(
    stack: Trial, log: Log, store: Store, url: str
) -> None:
    written = author()
    work, health = follower(stack, log, store, url)
    async with running(work):
        play(written, "before", [(SHAPES[1], SHAPES[0])])
        await log.publish(written)
        await ready(health)
        stack.postgres.kill()
        try:
            play(written, "while away", [(SHAPES[1], SHAPES[0])])
            await log.publish(written)

            async def unready() -> bool:
                return not health.report()["checks"]["postgres"]["ok"]

            await until(unready, "readiness tells")
        finally:
            stack.postgres.start()
        await ready(health)
        db = await postgres.connect(url, "test")
        await until(lambda: read_to(db, written), "caught up")
        assert await found(db) == expected(written)
        await db.close()


async def test_a_record_that_cannot_be_stored_blocks_its_partition_alone_and_is_named(
    stack: Trial, log: Log, store: Store, url: str, db: Any
) -> None:
    poisoned, sound = author(0), author(1)
    play(poisoned, "good", [(SHAPES[1], SHAPES[0])])
    good = expected(poisoned)
    bad = Game(poisoned, "bad")
    bad.id = "no-uuid"
    offset = len(poisoned.lines)
    bad.create()
    play(sound, "sound", [(SHAPES[1], SHAPES[0])])
    await log.publish(poisoned, sound)
    work, health = follower(stack, log, store, url)

    async def told() -> bool:
        return f"partition 0: record at offset {offset} cannot" in json.dumps(health.report())

    async with running(work):
        await until(told, "readiness names the record")
        await until(lambda: read_to(db, sound), "the other partition goes on")
        assert not health.ready
    assert await found(db) == sorted(good + expected(sound))


async def test_rows_of_another_log_are_void(stack: Trial, log: Log, store: Store, url: str, db: Any) -> None:
    other, written = author(), author()
    play(other, "another log", [(SHAPES[1], SHAPES[0])])
    await store.begin(0)
    rows = Rows()
    taken = read(START, other.lines)
    place = taken.progress._replace(cursor=taken.progress.cursor._replace(fence=Fence(0, "another")))
    assert await store.write([Claim(0, 0, place)], tabulate(rows, 0, taken.outcomes), rows)
    play(written, "this log", [(SHAPES[1], SHAPES[0])] * 3)
    await log.publish(written)
    work, health = follower(stack, log, store, url)
    async with running(work):
        await ready(health)
        await until(lambda: read_to(db, written), "stored anew")
    assert await found(db) == expected(written)
    assert await db.fetchval("SELECT count(*) FROM history.matches") == 1


async def test_a_position_beyond_the_end_is_refused_loudly(
    stack: Trial, log: Log, store: Store, url: str, db: Any
) -> None:
    written = author()
    Game(written, "beyond").create()
    await store.begin(0)
    await db.execute("UPDATE history.progress SET next_offset = 99 WHERE partition = 0")
    await log.publish(written)
    work, health = follower(stack, log, store, url)

    async def told() -> bool:
        return "before the stored position 99" in json.dumps(health.report())

    async with running(work):
        await until(told, "readiness tells why")
    assert not await found(db)
