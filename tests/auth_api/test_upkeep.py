"""What auth_api makes good by itself: names missed while Redis was away, sessions long over."""

from collections.abc import AsyncIterator, Iterable
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from redis.asyncio import Redis

from auth_api import directory
from auth_api.directory import KEPT_SECONDS, Directory
from auth_api.endings import Endings
from auth_api.store import Player, Store, StoreAway
from auth_api.upkeep import SWEEP_SECONDS, Upkeep
from infra import redis_client
from infra.clock import ManualClock, SystemClock
from infra.health import BEAT_SECONDS, Health
from infra.http.tokens import LEEWAY
from schemas import keys
from tests.auth_api.conftest import Running

pytestmark = pytest.mark.stack


def store_of(auth: Running) -> Store:
    return auth.auth.upkeep._store


def endings_of(auth: Running) -> Endings:
    return auth.auth.upkeep._endings


def pool_of(auth: Running) -> "asyncpg.Pool[asyncpg.Record]":
    return auth.auth._pool


class Switch(Directory):
    """A directory whose Redis can be taken away."""

    def away(self) -> None:
        self._kept, self._redis = self._redis, redis_client.client("redis://127.0.0.1:1/0", "test")

    def back(self) -> None:
        self._redis = self._kept


async def test_a_name_missed_while_redis_was_away_is_written_later(auth: Running, redis: Redis) -> None:
    directory = Switch(store_of(auth), redis)
    await directory.fill()
    told = (await auth.guest())["player"]
    player = Player(UUID(told["id"]), told["name"])
    key = keys.player(str(player.id))
    await redis.delete(key)
    directory.away()
    assert not await directory.publish([player])
    assert "follow" in await directory.fill()
    directory.back()
    assert await directory.fill() == ""
    assert await redis.get(key) == player.name.encode()


async def test_names_that_are_there_are_not_written_again(auth: Running, redis: Redis) -> None:
    directory = Directory(store_of(auth), redis)
    await directory.fill()
    player = (await auth.guest())["player"]["id"]
    await redis.delete(keys.player(player))
    await directory.fill()
    assert await redis.get(keys.player(player)) is None


async def test_given_a_player_who_was_not_seen_for_a_week_when_they_refresh_then_their_name_is_back_for_a_week(
    auth: Running, redis: Redis
) -> None:
    body = await auth.guest()
    key = keys.player(body["player"]["id"])
    assert KEPT_SECONDS - 60 < await redis.ttl(key) <= KEPT_SECONDS
    await redis.delete(key)
    await auth.refresh(body["refresh_token"])
    assert await redis.get(key) == body["player"]["name"].encode()
    assert KEPT_SECONDS - 60 < await redis.ttl(key) <= KEPT_SECONDS


async def test_given_an_empty_redis_when_all_names_are_written_then_each_is_forgotten_in_time(
    auth: Running, redis: Redis
) -> None:
    player, long_gone = [(await auth.guest())["player"]["id"] for _ in range(2)]
    await pool_of(auth).execute(
        "UPDATE auth.players SET seen_at = now() - interval '8 days' WHERE id = $1", UUID(long_gone)
    )
    await redis.flushdb()
    await Directory(store_of(auth), redis).fill()
    assert KEPT_SECONDS - 60 < await redis.ttl(keys.player(player)) <= KEPT_SECONDS
    assert not await redis.exists(keys.player(long_gone))


async def test_given_more_players_than_a_heartbeat_has_time_for_when_names_are_written_then_auth_stays_alive(
    auth: Running, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock()
    health = Health(["postgres"], monotonic=clock.monotonic)

    class Slow(Directory):
        async def publish(self, players: Iterable[Player]) -> bool:
            clock.advance(BEAT_SECONDS - 1)
            alive.append(health.alive)
            return await super().publish(players)

    alive: list[bool] = []
    monkeypatch.setattr(directory, "PAGE", 1)
    for _ in range(3):
        await auth.guest()
    await redis.flushdb()
    await Upkeep(store_of(auth), Slow(store_of(auth), redis), endings_of(auth), health, clock).round()
    assert len(alive) >= 3
    assert all(alive)


async def ends(redis: Redis) -> dict[str, float]:
    found: list[Any] = await redis.zrange(keys.ENDED, 0, -1, withscores=True)
    return {session.decode(): score for session, score in found}


async def end_one(auth: Running) -> str:
    """A session that ends by signing out; its id."""
    body = await auth.guest()
    await auth.http.post("/auth/v1/logout", json={"refresh_token": body["refresh_token"]})
    [row] = await pool_of(auth).fetch("SELECT id FROM auth.sessions WHERE player = $1", UUID(body["player"]["id"]))
    return str(row["id"])


async def test_an_ended_session_is_told_for_as_long_as_its_tokens_may_live(auth: Running, redis: Redis) -> None:
    session = await end_one(auth)
    left = (await ends(redis))[session] / 1000 - await now(auth)
    assert 600 + 2 * LEEWAY - 60 < left <= 600 + 2 * LEEWAY


async def test_ends_that_no_token_outlives_are_removed(auth: Running, redis: Redis) -> None:
    await redis.zadd(keys.ENDED, {"long-ago": 1000})
    await end_one(auth)
    assert "long-ago" not in await ends(redis)


async def test_ends_come_back_after_redis_was_emptied(auth: Running, redis: Redis) -> None:
    session, over = await end_one(auth), await end_one(auth)
    await pool_of(auth).execute(
        "UPDATE auth.sessions SET ended_at = ended_at - interval '12 minutes' WHERE id = $1", UUID(over)
    )
    before = await ends(redis)
    await redis.flushdb()
    await auth.auth.upkeep.round()
    after = await ends(redis)
    assert after[session] == before[session]
    assert over not in after
    await redis.zrem(keys.ENDED, session)
    await auth.auth.upkeep.round()
    assert session not in await ends(redis)  # what is there is not written again


async def test_an_end_missed_while_redis_was_away_is_written_later(auth: Running, redis: Redis) -> None:
    endings = endings_of(auth)
    kept, endings._redis = endings._redis, redis_client.client("redis://127.0.0.1:1/0", "test")
    try:
        session = await end_one(auth)
        assert "follow" in await endings.fill()
    finally:
        endings._redis = kept
    assert session not in await ends(redis)
    assert await endings.fill() == ""
    assert session in await ends(redis)


async def test_given_a_process_that_died_behind_its_commit_when_it_starts_again_then_the_end_is_told(
    auth: Running, redis: Redis
) -> None:
    session = await end_one(auth)
    await redis.zrem(keys.ENDED, session)
    await Endings(store_of(auth), redis, SystemClock()).fill()
    assert session in await ends(redis)


async def test_a_session_that_ended_has_no_player_for_auth_itself_at_once(auth: Running) -> None:
    body = await auth.guest()
    bearer = {"authorization": f"Bearer {body['access_token']}"}
    assert (await auth.http.get("/auth/v1/me", headers=bearer)).status_code == 200
    await auth.http.post("/auth/v1/logout", json={"refresh_token": body["refresh_token"]})
    assert (await auth.http.get("/auth/v1/me", headers=bearer)).status_code == 401


async def test_old_sessions_are_swept_every_ten_minutes(auth: Running, redis: Redis) -> None:
    clock, health = ManualClock(), Health(["postgres"])
    upkeep = Upkeep(store_of(auth), Directory(store_of(auth), redis), endings_of(auth), health, clock)
    player = UUID((await auth.guest())["player"]["id"])
    await pool_of(auth).execute(
        "UPDATE auth.sessions SET expires_at = now() - interval '2 days' WHERE player = $1", player
    )

    async def sessions() -> int:
        count: int = await pool_of(auth).fetchval("SELECT count(*) FROM auth.sessions WHERE player = $1", player)
        return count

    await upkeep.round()
    assert (await sessions(), health.ready) == (1, True)
    clock.advance(SWEEP_SECONDS)
    await upkeep.round()
    assert await sessions() == 0


async def test_given_more_old_sessions_than_one_sweep_takes_then_the_next_round_goes_on(
    auth: Running, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock()
    upkeep = Upkeep(store_of(auth), Directory(store_of(auth), redis), endings_of(auth), Health(), clock)
    for module in ("store", "upkeep"):
        monkeypatch.setattr(f"auth_api.{module}.SWEEP_ROWS", 1, raising=False)
    players = [UUID((await auth.guest())["player"]["id"]) for _ in range(2)]
    await pool_of(auth).execute(
        "UPDATE auth.sessions SET expires_at = now() - interval '2 days' WHERE player = any($1)", players
    )
    clock.advance(SWEEP_SECONDS)
    for _ in players:
        await upkeep.round()
    left = await pool_of(auth).fetchval("SELECT count(*) FROM auth.sessions WHERE player = any($1)", players)
    assert left == 0


async def test_given_a_foreign_value_where_ends_belong_then_names_are_written_all_the_same(
    auth: Running, redis: Redis
) -> None:
    player = (await auth.guest())["player"]
    await redis.flushdb()
    await redis.set(keys.ENDED, "foreign")
    health = Health(["postgres"])
    directory = Directory(store_of(auth), redis)
    try:
        await Upkeep(store_of(auth), directory, endings_of(auth), health, ManualClock()).round()
        assert await redis.get(keys.player(player["id"])) == player["name"].encode()
        assert "ends of sessions" in health.report()["checks"]["redis"]["reason"]
    finally:
        await redis.delete(keys.ENDED)


async def test_given_a_name_that_redis_missed_when_postgres_is_away_too_then_it_is_written_once_both_are_back(
    auth: Running, redis: Redis
) -> None:
    class Away(Store):
        async def players(self, page: int, seconds: float) -> AsyncIterator[list[Player]]:
            if away:
                raise StoreAway("cut")
            async for found in super().players(page, seconds):
                yield found

    away = False
    directory = Switch(Away(pool_of(auth)), redis)
    await directory.fill()
    told = (await auth.guest())["player"]
    await redis.delete(keys.player(told["id"]))
    directory.away()
    assert not await directory.publish([Player(UUID(told["id"]), told["name"])])
    directory.back()
    away = True
    with pytest.raises(StoreAway):
        await directory.fill()
    away = False
    assert await directory.fill() == ""
    assert await redis.get(keys.player(told["id"])) == told["name"].encode()


async def test_a_good_token_for_no_players_id_is_nobody(auth: Running) -> None:
    issuer = auth.auth._issuing()[0]
    token = issuer.access("not-an-id", "program", "not-an-id", "1", int(1000 * await now(auth)))
    answer = await auth.http.get("/auth/v1/me", headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


async def now(auth: Running) -> float:
    return float(await pool_of(auth).fetchval("SELECT extract(epoch FROM now())"))
