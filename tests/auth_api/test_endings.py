"""Ends of sessions reach Redis whatever happens on the way, and stay for as long as a token of theirs may live."""

import json
from base64 import urlsafe_b64decode
from typing import Any
from uuid import UUID

import pytest
from redis.asyncio import Redis

from auth_api.directory import Directory
from auth_api.endings import REPEAT_SECONDS, Endings
from auth_api.sessions import Sessions
from auth_api.store import Ends, Store, StoreAway
from infra.clock import ManualClock, SystemClock
from infra.http.tokens import LEEWAY
from schemas import keys
from tests.auth_api.conftest import Running, Start
from tests.auth_api.test_upkeep import end_one, ends, pool_of, store_of

pytestmark = pytest.mark.stack


class Cut(Store):
    """A store whose connection is cut when it should say which sessions have ended; the statement went through."""

    cut = True

    async def _ends(self, statement: str, argument: bytes | float) -> Ends:
        found = await super()._ends(statement, argument)
        if self.cut:
            raise StoreAway("cut")
        return found


@pytest.fixture
async def cut(auth: Running, redis: Redis) -> tuple[Cut, Endings]:
    """A store that is cut, and its ends, all of which Redis has so far."""
    store = Cut(pool_of(auth))
    endings = Endings(store, redis, SystemClock())
    store.cut = False
    assert await endings.fill() == ""
    store.cut = True
    return store, endings


async def session_of(auth: Running, player: str) -> str:
    return str(await pool_of(auth).fetchval("SELECT id FROM auth.sessions WHERE player = $1", UUID(player)))


async def test_given_an_end_that_redis_missed_when_postgres_is_away_too_then_it_is_written_once_both_are_back(
    auth: Running, redis: Redis, cut: tuple[Cut, Endings]
) -> None:
    store, endings = cut
    session = await end_one(auth)
    await redis.zrem(keys.ENDED, session)
    endings._missed = True
    with pytest.raises(StoreAway):
        await endings.fill()
    store.cut = False
    assert await endings.fill() == ""
    assert session in await ends(redis)


@pytest.mark.parametrize("how", ["logout", "reuse"])
async def test_given_a_connection_cut_behind_the_commit_of_an_end_when_postgres_is_back_then_the_end_is_written(
    auth: Running, redis: Redis, cut: tuple[Cut, Endings], how: str
) -> None:
    store, endings = cut
    sessions = Sessions(store, Directory(store, redis), endings, *auth.auth._issuing(), SystemClock())
    body = await auth.guest()
    if how == "reuse":
        assert (await auth.refresh(body["refresh_token"])).status_code == 200
    with pytest.raises(StoreAway):
        await (sessions.logout if how == "logout" else sessions.refresh)(body["refresh_token"])
    store.cut = False
    assert await endings.fill() == ""
    assert await session_of(auth, body["player"]["id"]) in await ends(redis)


async def test_given_another_process_that_died_behind_its_commit_then_its_ends_are_written_by_those_that_live(
    auth: Running, redis: Redis
) -> None:
    clock = ManualClock()
    endings = Endings(store_of(auth), redis, clock)
    assert await endings.fill() == ""
    session = await end_one(auth)
    await redis.zrem(keys.ENDED, session)
    clock.advance(REPEAT_SECONDS)
    assert await endings.fill() == ""
    assert session in await ends(redis)


async def test_given_a_redis_that_is_emptied_while_it_is_filled_then_it_is_filled_again(
    auth: Running, redis: Redis
) -> None:
    class Emptied(Endings):
        async def _write(self, scores: Any) -> bool:
            written = await super()._write(scores)
            await redis.delete(keys.ENDED)
            return written

    endings = Emptied(store_of(auth), redis, SystemClock())
    await endings.fill()
    assert await redis.zscore(keys.ENDED, "") is None


async def test_given_a_shorter_life_of_tokens_from_now_on_then_ends_outlive_the_tokens_from_before(
    auth: Running, start: Start, redis: Redis
) -> None:
    body = await auth.guest()
    async with start(auth_access_seconds=30) as shorter:
        answer = await shorter.http.post("/auth/v1/logout", json={"refresh_token": body["refresh_token"]})
        assert answer.status_code == 204
    session = await session_of(auth, body["player"]["id"])
    assert (await ends(redis))[session] / 1000 >= expiry(body["access_token"]) + LEEWAY


async def test_given_a_token_signed_a_moment_behind_the_end_or_by_a_fast_clock_then_the_end_outlives_it(
    auth: Running, redis: Redis
) -> None:
    store = store_of(auth)
    fast = ManualClock(SystemClock().now_ms() + 20_000)
    endings = Endings(store, redis, SystemClock())
    sessions = Sessions(store, Directory(store, redis), endings, *auth.auth._issuing(), fast)
    granted = await sessions.begin_as_guest("program")
    await sessions.logout(granted.refresh)
    session = await session_of(auth, str(granted.player.id))
    assert (await ends(redis))[session] / 1000 >= expiry(granted.access) + LEEWAY


def expiry(token: str) -> int:
    payload = token.split(".")[1]
    return int(json.loads(urlsafe_b64decode(payload + "=="))["exp"])
