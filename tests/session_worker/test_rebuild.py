"""A partition's rebuild on the real Valkey: what it takes over, and what rivals and an emptied store do to it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from infra.clock import SystemClock
from infra.redis_line import Line
from infra.stack.trial import Trial
from schemas import keys
from schemas.progress import encode_unfinished
from session_worker.project import START, dump
from session_worker.store import Run, Store
from session_worker.worker import SessionWorker, Standing
from tests.session_worker.author import Game
from tests.session_worker.parts import author, follower, read_to, shows, worker
from tests.session_worker.real import Log, home_of, ready, running

pytestmark = pytest.mark.stack


async def test_a_stale_rebuild_is_refused_once_progress_is_there(redis: Redis, line: Line) -> None:
    written = author()
    game = Game(written, "rebuilt")
    game.create()
    old, new = worker(line), worker(line)
    stale = await old.begin(0, len(written.lines))
    game.join()
    fresh = await new.begin(0, len(written.lines))
    assert await new.apply({0: (fresh, written.lines)})
    assert await old.apply({0: (stale, written.lines[:2])}) == {}
    assert await shows(redis, game)


class Emptied(Store):
    """A Redis that somebody empties after each write."""

    async def write(self, runs: Sequence[Run]) -> list[bool]:
        written = await super().write(runs)
        await self._line.call("FLUSHALL")
        return written


async def test_a_redis_emptied_while_a_rebuild_is_written_has_no_progress(redis: Redis, line: Line) -> None:
    written = author()
    game = Game(written, "emptied")
    game.create()
    unlucky = SessionWorker(Emptied(line), SystemClock(), home_of)
    begun = await unlucky.begin(0, len(written.lines))
    assert await unlucky.apply({0: (begun, written.lines)}) == {}
    one = worker(line)
    assert await one.stored([0]) == {}
    assert await one.apply({0: (await one.begin(0, len(written.lines)), written.lines)})
    assert await shows(redis, game)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(encode_unfinished("somebody's"), id="a rebuild that nobody finished"),
        pytest.param(b"7", id="another thing"),
        pytest.param(b"{", id="no JSON"),
        pytest.param(b'{"next":"5","fence":null,"watermark":-1,"crc":0}', id="a text for a number"),
    ],
)
async def test_given_what_is_no_finished_progress_then_the_partition_is_rebuilt_over_it(
    redis: Redis, line: Line, found: bytes
) -> None:
    written = author()
    game = Game(written, "taken over")
    game.create()
    await redis.set(keys.progress(0), found)
    one = worker(line)
    assert await one.stored([0]) == {}
    assert set(await one.astray({0: Standing(START, dump(START))})) == {0}
    assert await one.apply({0: (await one.begin(0, len(written.lines)), written.lines)})
    assert await shows(redis, game)
    assert await read_to(redis, written)


async def test_a_rebuild_writes_results_as_it_reads_and_snapshots_at_its_end(redis: Redis, line: Line) -> None:
    written = author()
    game = Game(written, "streamed")
    first = game.create()
    half = len(written.lines)
    game.join()
    one = worker(line)
    begun = await one.begin(0, len(written.lines))
    states = await one.apply({0: (begun, written.lines[:half])})
    assert await redis.exists(keys.command(first["command_id"] or ""))
    assert not await redis.exists(keys.match(game.id))
    assert await one.stored([0]) == {}
    await redis.flushall()  # once more, in the middle
    assert await one.apply({0: (states[0], written.lines[half:])}) == {}
    assert await one.apply({0: (await one.begin(0, len(written.lines)), written.lines)})
    assert await shows(redis, game)
    assert await redis.exists(keys.command(first["command_id"] or ""))
    assert await read_to(redis, written)


async def test_an_older_snapshot_never_replaces_a_newer_one(redis: Redis, line: Line) -> None:
    written = author()
    game = Game(written, "older")
    game.create()
    half = len(written.lines)
    game.join()
    one = worker(line)
    await one.apply({0: (await one.begin(0, len(written.lines)), written.lines)})
    await redis.delete(keys.progress(0))
    await one.apply({0: (await one.begin(0, half), written.lines[:half])})
    assert await shows(redis, game)


async def test_given_a_partition_that_cannot_be_rebuilt_then_the_rebuild_beside_it_goes_on(
    redis: Redis, line: Line
) -> None:
    sound, poisoned = author(0), author(1)
    game = Game(sound, "beside it")
    game.create()
    Game(poisoned, "poison").create()
    bad = [replace(poisoned.lines[-1], value=b"{")]
    one = worker(line)
    begun = {p: await one.begin(p, len(at.lines)) for p, at in ((0, sound), (1, poisoned))}
    half = await one.apply({0: (begun[0], sound.lines[:1])})
    with pytest.raises(ValueError, match="unexpected end"):
        await one.apply({0: (half[0], sound.lines[1:]), 1: (begun[1], [poisoned.lines[0], *bad])})
    assert await one.apply({0: (half[0], sound.lines[1:])})
    assert await shows(redis, game)


class Raced(Store):
    """A Redis in which somebody else is always through with partition 0 first."""

    async def write(self, runs: Sequence[Run]) -> list[bool]:
        if runs[0].partition == 0:
            await self._line.call("SET", keys.progress(0), dump(START))
        return await super().write(runs)


async def test_given_an_empty_partition_that_a_rival_has_begun_then_its_progress_is_taken_up(
    stack: Trial, log: Log, redis: Redis, line: Line
) -> None:
    work, health = follower(stack, log, line, kept=Raced(line))
    async with running(work):
        await ready(health)
