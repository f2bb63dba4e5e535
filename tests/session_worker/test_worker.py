"""The session worker on real Kafka and Valkey: what it writes, and what stalls, rivals and emptied stores do."""

import asyncio
import json
import time
from typing import Any

import pytest
from redis.asyncio import Redis

from infra.clock import SystemClock
from infra.kafka import lanes
from infra.redis_line import Line
from infra.stack.trial import Trial
from schemas import keys
from session_worker.project import START, dump, project
from session_worker.store import Store
from session_worker.worker import Standing
from tests.session_worker.author import SHAPES, Author, Game, play
from tests.session_worker.parts import author, follower, read_to, shows, worker
from tests.session_worker.real import Log, ready, running, until

pytestmark = pytest.mark.stack


async def test_a_match_reaches_redis_with_its_private_part_results_and_progress(
    stack: Trial, log: Log, redis: Redis, line: Line
) -> None:
    written = author()
    game = Game(written, "whole")
    first = game.create()
    game.join()
    game.throw(1, SHAPES[2])
    work, health = follower(stack, log, line)
    async with running(work):
        await ready(health)
        await log.publish(written)
        await until(lambda: read_to(redis, written), "all read")
        found: Any = await redis.hgetall(keys.match(game.id))
        assert set(found) == {b"version", b"status", b"public", b"private:1"}
        assert (found[b"version"], found[b"status"]) == (b"3", b"playing")
        assert json.loads(found[b"private:1"]) == {"shape": "scissors"}
        result = json.loads(await redis.get(keys.command(first["command_id"] or "")) or b"{}")
        assert result == {
            "status": "accepted",
            "version": 1,
            "code": None,
            "digest": first["digest"],
            "match": game.id,
            "cause": 0,
        }
        assert (
            await redis.pexpiretime(keys.command(first["command_id"] or "")) == first["at"] + keys.COMMAND_TTL_MS
        )
        assert await redis.pexpiretime(keys.match(game.id)) == written.at - 100 + keys.MATCH_TTL_MS
        game.throw(0, SHAPES[0])
        await log.publish(written)
        await until(lambda: shows(redis, game), "the settled round")
        assert not await redis.hexists(keys.match(game.id), "private:1")


async def test_every_outcome_is_hinted_within_milliseconds(
    stack: Trial, log: Log, redis: Redis, line: Line
) -> None:
    written = author()
    game = Game(written, "hints")
    work, health = follower(stack, log, line)
    listener = redis.pubsub()
    await listener.subscribe(keys.match(game.id))
    took = []
    async with running(work):
        await ready(health)
        for step in (game.create, game.join, game.reject, game.repeat, game.reuse):
            outcome = step()
            started = time.perf_counter()
            await log.publish(written)
            hint = json.loads((await _message(listener))["data"])
            took.append(time.perf_counter() - started)
            assert hint["command"] == outcome["command_id"]
            assert hint["code"] == outcome["rejection"]
            assert hint["version"] == outcome["version"]
    assert sorted(took)[len(took) // 2] < 0.05
    await listener.aclose()  # type: ignore[no-untyped-call]


async def _message(listener: Any) -> Any:
    async with asyncio.timeout(5):
        while True:
            message = await listener.get_message(ignore_subscribe_messages=True, timeout=1)
            if message is not None:
                return message


@pytest.mark.parametrize("together", [0, lanes.TOGETHER], ids=["in turns", "together"])
async def test_an_emptied_redis_is_rebuilt_without_traffic(
    stack: Trial, log: Log, redis: Redis, line: Line, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(lanes, "TOGETHER", together)
    logs = [author(0), author(7)]
    games = [play(log, f"flush-{log.partition}", [(SHAPES[0], SHAPES[1])] * 2) for log in logs]
    work, health = follower(stack, log, line)
    async with running(work):
        await log.publish(*logs)
        await until(lambda: read_to(redis, logs[1]), "all read")
        await ready(health)
        before = {game.id: await redis.hgetall(keys.match(game.id)) for game in games}
        await redis.flushall()
        await until(lambda: read_to(redis, logs[0]), "rebuilt", 5)
        await until(lambda: read_to(redis, logs[1]), "rebuilt", 5)
        assert {game.id: await redis.hgetall(keys.match(game.id)) for game in games} == before
        games[0].ask_rematch(0)
        await redis.flushall()
        await log.publish(*logs)
        await until(lambda: shows(redis, games[0]), "written after a second flush")
        await ready(health)


async def test_a_paused_redis_loses_nothing(stack: Trial, log: Log, redis: Redis, line: Line) -> None:
    written = author()
    work, health = follower(stack, log, line)
    async with running(work):
        await ready(health)
        stack.redis.pause()
        try:
            game = play(written, "paused", [(SHAPES[0], SHAPES[1])])
            await log.publish(written)

            async def unready() -> bool:
                return not health.ready

            await until(unready, "readiness tells")
        finally:
            stack.redis.resume()
        await until(lambda: shows(redis, game), "caught up", 10)
        await ready(health)


async def test_a_stale_worker_writes_nothing_after_the_new_one(redis: Redis, line: Line) -> None:
    written = author()
    old, new = worker(line), worker(line)
    game = Game(written, "stale")
    game.create()
    begun = await old.begin(0, len(written.lines))
    stale = (await old.apply({0: (begun, written.lines)}))[0]
    seen = len(written.lines)
    game.join()
    game.throw(0, SHAPES[0])
    taken = (await new.stored([0]))[0]
    assert taken.progress == stale.progress
    ahead = (await new.apply({0: (taken, written.lines[seen:])}))[0]
    assert await old.apply({0: (stale, written.lines[seen : seen + 1])}) == {}
    assert await shows(redis, game)
    assert (await old.stored([0]))[0].progress == ahead.progress


async def test_given_results_nobody_wrote_then_a_void_partition_is_emptied_all_the_same(
    redis: Redis, line: Line
) -> None:
    written = author()
    game = Game(written, "beside")
    first = game.create()
    one = worker(line)
    await one.apply({0: (await one.begin(0, len(written.lines)), written.lines)})
    for number, foreign in enumerate((b"7", b"{", b"{}", b"[]")):
        await redis.set(keys.command(f"foreign-{number}"), foreign)
    saved = (await one.stored([0]))[0].saved
    assert await Store(line).erase(0, saved, lambda match: 0 if match == game.id else 1)
    assert not await redis.exists(keys.command(first["command_id"] or ""), keys.match(game.id), keys.progress(0))
    assert await redis.exists(keys.command("foreign-0"))


async def test_a_stalled_worker_does_not_empty_what_was_built_meanwhile(redis: Redis, line: Line) -> None:
    written = author()
    game = Game(written, "voided")
    game.create()
    old, new, store = worker(line), worker(line), Store(line)
    lost = dump(START._replace(next=99))
    await redis.set(keys.progress(0), lost)
    stale = (await old.stored([0]))[0]
    await new.void(0, stale)
    begun = await new.begin(0, len(written.lines))
    assert await new.apply({0: (begun, written.lines)})
    assert not await store.erase(0, stale.saved, lambda _: 0)
    assert await shows(redis, game)
    assert await read_to(redis, written)


async def test_what_has_expired_is_not_written_again(redis: Redis, line: Line) -> None:
    written = Author(at=SystemClock().now_ms() - keys.MATCH_TTL_MS - keys.DEADLINE_GRACE_MS)
    written.take_over("first")
    game = Game(written, "expired")
    outcome = game.create()
    place = project(START, written.lines[:1]).progress
    await redis.set(keys.progress(0), dump(place))
    one = worker(line)
    assert await one.apply({0: (Standing(place, dump(place)), written.lines[1:])})
    assert not await redis.exists(keys.match(game.id), keys.command(outcome["command_id"] or ""))
    assert await read_to(redis, written)


async def test_a_forgotten_script_is_loaded_again(redis: Redis, line: Line) -> None:
    written = author()
    one = worker(line)
    standing = await one.begin(0, 0)
    game = Game(written, "script")
    game.create()
    await redis.script_flush()
    await one.apply({0: (standing, written.lines)})
    assert await shows(redis, game)
