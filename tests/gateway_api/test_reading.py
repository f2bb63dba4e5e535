"""Reading a match while Redis is away or was emptied: never an older view than was seen, never without a pause."""

import asyncio
from typing import Any

import orjson
import pytest

from gateway_api.answers import Result
from gateway_api.feed import Feed
from gateway_api.names import Names
from gateway_api.reading import Reading
from gateway_api.submit import _answer
from gateway_api.views import Snapshot
from infra.http.problems import Problem
from infra.kafka.client import partition_of
from infra.redis_line import Away, Line, Reply
from schemas import keys
from schemas.progress import encode_unfinished
from schemas.topics import PARTITIONS
from tests.gateway_api.conftest import Running
from tests.gateway_api.double import PROGRESS, new_view
from tests.gateway_api.test_history import store_match

ANN = "ann"


class Dead(Line):
    """A line that is down: every call fails at once."""

    def __init__(self) -> None:
        self.calls = 0

    def call(self, *_: Any) -> Reply:
        self.calls += 1
        reply: Reply = asyncio.get_running_loop().create_future()
        reply.set_exception(Away("no connection to Redis"))
        return reply


def feed_of(line: Line) -> Feed:
    async def nobody(_: list[str]) -> dict[str, str]:
        return {}

    return Feed("match", line, Names(line, nobody), lambda work: work.close())


async def test_what_a_feed_still_holds_is_not_surely_the_newest_while_redis_is_away() -> None:
    """Found by simulation: a stream resumed at 5 was sent version 4 by a gateway that was cut off from Redis."""
    line: Any = Dead()
    feed = feed_of(line)
    feed.newest, feed.certain = Snapshot(4, new_view("match", "rps", [ANN, None])), True
    reading = Reading(line, None, None)  # type: ignore[arg-type]
    assert await reading.first_look(feed) is False


class Empty(Line):
    """A line to a Redis that has lost everything."""

    def __init__(self) -> None:
        """There is nothing to connect to."""

    def call(self, *arguments: Any) -> Reply:
        reply: Reply = asyncio.get_running_loop().create_future()
        reply.set_result([None] * (len(arguments) - 2))
        return reply


async def test_what_a_feed_still_holds_is_not_surely_the_newest_once_redis_was_emptied() -> None:
    """Found by simulation: a stream resumed at 6 was sent version 2, which a gateway had kept from before."""
    feed = feed_of(Empty())
    feed.newest, feed.certain = Snapshot(2, new_view("match", "rps", [ANN, None])), True
    reading = Reading(Empty(), None, None)  # type: ignore[arg-type]
    assert await reading.first_look(feed) is False


async def test_who_waits_for_a_view_does_not_ask_an_absent_redis_without_a_pause() -> None:
    """Found by simulation: the wait for a view took all of the processor until its time was over."""
    line = Dead()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.35):
            await _answer(feed_of(line), ANN, Result(True, 5))
    assert line.calls <= 5


class Rebuilt(Line):
    """A line to an emptied Redis whose rebuild ends before the `last`th command from now."""

    def __init__(self, last: int) -> None:
        self.left = last

    def call(self, *arguments: Any) -> Reply:
        self.left -= 1
        there, progress = (1, PROGRESS) if self.left <= 0 else (0, b"")
        view = orjson.dumps(new_view("match", "rps", [ANN, None])) if there else None
        version = b"4" if there else None
        answers = {"HMGET": [version, view, None][: len(arguments) - 2], "HGET": version, "GET": progress or None}
        reply: Reply = asyncio.get_running_loop().create_future()
        reply.set_result(answers.get(arguments[0], [there, progress]))
        return reply


class Nameless:
    """Nobody has a name."""

    async def of(self, _: list[str]) -> dict[str, str]:
        return {}


@pytest.mark.parametrize("last", range(1, 5))
async def test_when_a_rebuild_ends_between_two_looks_then_no_view_is_read_from_postgres(last: int) -> None:
    """Found by simulation (seed 9031): a player who knew 22 read version 11, which a late sink had stored."""
    reading = Reading(Rebuilt(last), None, Nameless())  # type: ignore[arg-type]  # PostgreSQL must not be asked
    if last == 1:
        assert (await reading.newest("match", "somebody"))[0].version == 4
    else:
        with pytest.raises(Problem) as caught:
            await reading.newest("match", "somebody")
        assert caught.value.code == "redis_away"


async def test_while_redis_is_rebuilt_a_match_is_not_read_from_postgres(gateway: Running) -> None:
    """Found by simulation: after Redis was emptied a player read a view older than the one just seen."""
    ann = await gateway.guest()
    match = await store_match(gateway, [ann.id, None])
    progress = keys.progress(partition_of(match.encode(), PARTITIONS))
    for state in (None, encode_unfinished("1")):
        await (gateway.redis.set(progress, state) if state else gateway.redis.delete(progress))
        for path in (f"/v1/matches/{match}", f"/v1/matches/{match}/events"):
            read = await ann.get(path)
            assert (read.status_code, read.json()["code"]) == (503, "redis_away")
    await gateway.redis.set(progress, PROGRESS)
    assert (await ann.get(f"/v1/matches/{match}")).status_code == 200
