"""Where a session worker goes on: its own progress, another log's, and beside another worker."""

import contextlib
import json

import pytest
from redis.asyncio import Redis

from infra.redis_line import Line
from infra.stack.trial import Trial
from schemas import keys
from schemas.log import Fence
from session_worker.project import START, dump, project
from tests.session_worker.author import Game, disturb
from tests.session_worker.parts import author, follower, read_to, shows
from tests.session_worker.real import Log, home_of, ready, running, until

pytestmark = pytest.mark.stack


async def test_stale_outcomes_on_the_log_are_ignored(stack: Trial, log: Log, redis: Redis, line: Line) -> None:
    written = author()
    game = Game(written, "ignored")
    game.create()
    for kind in ("stale", "gap", "twice", "foreign", "unreadable"):
        disturb(written, game, kind)
    written.take_over("second")
    game.join()
    work, _ = follower(stack, log, line)
    async with running(work):
        await log.publish(written)
        await until(lambda: read_to(redis, written), "all read")
        assert await shows(redis, game)
        assert not await redis.exists(keys.command("not-accepted"))


async def test_a_restarted_worker_goes_on_where_it_was(stack: Trial, log: Log, redis: Redis, line: Line) -> None:
    written = author()
    game = Game(written, "restarted")
    game.create()
    for _ in range(100):
        disturb(written, game, "stale")
    first, health = follower(stack, log, line)
    async with running(first):
        await log.publish(written)
        await until(lambda: read_to(redis, written), "all read")
        await ready(health)
    await redis.delete(keys.match(game.id))
    game.reject()
    await log.publish(written)
    second, health = follower(stack, log, line)
    async with running(second):
        await until(lambda: read_to(redis, written), "read on")
        await ready(health)
    assert not await redis.exists(keys.match(game.id)), "nothing before its progress was read again"


async def test_progress_of_another_log_is_void_and_its_snapshots_go(
    stack: Trial, log: Log, redis: Redis, line: Line
) -> None:
    written = author(home_of(Game(author(), "real").id))
    game = Game(written, "real")
    game.create()
    ghost_at = written.partition
    place = project(START, written.lines).progress
    other = place._replace(cursor=place.cursor._replace(fence=Fence(0, "another log's")))
    await redis.set(keys.progress(ghost_at), dump(other))
    ghosts = (name for name in map(str, range(10_000)) if home_of(name) == ghost_at)
    ghost, stranger = next(ghosts), next(name for name in map(str, range(10_000)) if home_of(name) != ghost_at)
    for name in (ghost, stranger, game.id):
        await redis.hset(keys.match(name), mapping={"version": 77, "status": "playing", "public": "{}"})
    await log.publish(written)
    work, health = follower(stack, log, line)
    async with running(work):
        await until(lambda: shows(redis, game), "rebuilt over what was void")
        await ready(health)
    assert not await redis.exists(keys.match(ghost))
    assert await redis.exists(keys.match(stranger))


async def test_progress_beyond_the_logs_end_is_refused_loudly(
    stack: Trial, log: Log, redis: Redis, line: Line
) -> None:
    written = author()
    Game(written, "beyond").create()
    place = project(START, written.lines).progress
    await redis.set(keys.progress(0), dump(place._replace(next=50)))
    await log.publish(written)
    work, health = follower(stack, log, line)

    async def told() -> bool:
        return "before the stored position 50" in json.dumps(health.report())

    async with running(work):
        await until(told, "readiness tells why")
        assert not health.ready
    assert json.loads(await redis.get(keys.progress(0)) or b"{}")["next"] == 50


async def test_two_workers_share_the_partitions_and_one_takes_over(
    stack: Trial, log: Log, redis: Redis, line: Line
) -> None:
    logs = [author(partition) for partition in range(12)]
    games = [Game(one, f"shared-{one.partition}") for one in logs]
    first, healthy = follower(stack, log, line, "session-1")
    second, _ = follower(stack, log, line, "session-2")
    async with contextlib.AsyncExitStack() as both:
        await both.enter_async_context(running(first))
        async with running(second):
            for game in games:
                game.create()
            await log.publish(*logs)
            for game in games:
                await until(lambda game=game: shows(redis, game), "written by either")  # type: ignore[misc]
        for game in games:
            game.join()
        await log.publish(*logs)
        for game in games:
            await until(lambda game=game: shows(redis, game), "written by the survivor")  # type: ignore[misc]
        await ready(healthy)


async def test_given_a_redis_that_comes_back_with_older_data_then_it_is_brought_up_without_traffic(
    stack: Trial, log: Log, redis: Redis, line: Line
) -> None:
    written = author()
    game = Game(written, "older data")
    game.create()
    work, health = follower(stack, log, line)
    async with running(work):
        await log.publish(written)
        await until(lambda: shows(redis, game), "the first version")
        older = {name: await redis.dump(name) for name in (keys.match(game.id), keys.progress(0))}
        game.join()
        await log.publish(written)
        await until(lambda: shows(redis, game), "the second version")
        async with redis.pipeline() as restored:
            for name, value in older.items():
                restored.restore(name, 0, value or b"", replace=True)
            await restored.execute()
        await until(lambda: shows(redis, game), "the second version again")
        await ready(health)


async def test_given_an_outcome_that_redis_refuses_then_it_blocks_its_partition_alone_and_is_named(
    stack: Trial, log: Log, redis: Redis, line: Line
) -> None:
    poisoned, sound = author(0), author(1)
    game, other = Game(poisoned, "good"), Game(sound, "sound")
    work, health = follower(stack, log, line)

    async def told() -> bool:
        return f"partition 0: record at offset {offset} cannot" in json.dumps(health.report())

    async with running(work):
        await ready(health)
        game.create()
        offset = len(poisoned.lines)
        poisoned.write("bad", {**other.create(), "version": "no number"})  # type: ignore[typeddict-item]
        await log.publish(poisoned, sound)
        await until(told, "readiness names the record")
        await until(lambda: shows(redis, other), "the other partition goes on")
        assert await shows(redis, game)
        assert health.report()["checks"]["redis"]["ok"]
