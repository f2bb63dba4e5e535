"""Guests: created, carried on, ended; by programs and by browsers."""

import asyncio
import re
from uuid import UUID

import pytest
from redis.asyncio import Redis

from infra.http.tokens import Verifier
from schemas import keys
from tests.auth_api.conftest import JSON, Running, Start

pytestmark = pytest.mark.stack


async def test_a_guest_gets_a_player_and_both_tokens(auth: Running) -> None:
    answer = await auth.http.post("/auth/v1/guests", json={})
    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    assert set(body) == {"player", "access_token", "refresh_token", "token_type", "expires_in"}
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 600)
    assert UUID(body["player"]["id"]).version == 4
    assert re.fullmatch(r"[A-Z][a-z]+ [A-Z][a-z]+", body["player"]["name"])
    assert "set-cookie" not in answer.headers


async def test_the_access_token_verifies_with_the_published_keys(auth: Running) -> None:
    body = await auth.guest()

    async def fetch() -> dict[str, object]:
        found: dict[str, object] = (await auth.http.get("/auth/v1/jwks.json")).json()
        return found

    claims = await Verifier(fetch, issuer="playlog-auth", audience="playlog").verify(body["access_token"])
    assert claims.subject == body["player"]["id"]
    assert claims.client == "program"
    assert claims.expires - claims.issued == 600


async def test_published_keys_have_no_private_part(auth: Running) -> None:
    (key,) = (await auth.http.get("/auth/v1/jwks.json")).json()["keys"]
    assert set(key) == {"kty", "crv", "x", "kid", "use", "alg"}


async def test_me_names_the_bearer(auth: Running) -> None:
    body = await auth.guest()
    answer = await auth.http.get("/auth/v1/me", headers={"authorization": f"Bearer {body['access_token']}"})
    assert answer.json() == {"player": body["player"], "kind": "guest"}


async def test_me_without_a_token_asks_for_one(auth: Running) -> None:
    answer = await auth.http.get("/auth/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_required")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_the_name_reaches_redis(auth: Running, redis: Redis) -> None:
    player = (await auth.guest())["player"]
    assert await redis.get(keys.player(player["id"])) == player["name"].encode()


async def test_names_come_back_after_redis_was_emptied(auth: Running, redis: Redis) -> None:
    player = (await auth.guest())["player"]
    await redis.flushdb()
    await auth.auth.upkeep.round()
    assert await redis.get(keys.player(player["id"])) == player["name"].encode()


async def test_a_refresh_token_gives_the_same_player_new_tokens(auth: Running) -> None:
    body = await auth.guest()
    fresh = (await auth.refresh(body["refresh_token"])).json()
    assert fresh["player"] == body["player"]
    assert fresh["refresh_token"] != body["refresh_token"]
    assert fresh["access_token"] != body["access_token"]


async def test_logout_ends_the_session(auth: Running) -> None:
    body = await auth.guest()
    answer = await auth.http.post("/auth/v1/logout", json={"refresh_token": body["refresh_token"]})
    assert answer.status_code == 204
    assert (await auth.refresh(body["refresh_token"])).status_code == 401


async def test_logout_of_nobody_is_no_error(auth: Running) -> None:
    assert (await auth.http.post("/auth/v1/logout", json={"refresh_token": "x"})).status_code == 204


async def test_an_idle_session_ends(start: Start) -> None:
    async with start(auth_guest_idle_seconds=60) as auth:
        body = await auth.guest()
        await auth.auth._pool.execute("UPDATE auth.refresh_tokens SET expires_at = now() WHERE used_at IS NULL")
        assert (await auth.refresh(body["refresh_token"])).status_code == 401


async def test_a_session_is_never_longer_than_its_absolute_life(start: Start) -> None:
    async with start(auth_absolute_seconds=60) as auth:
        body = await auth.guest()
        await auth.refresh(body["refresh_token"])
        rows = await auth.auth._pool.fetch(
            "SELECT t.expires_at <= s.expires_at AS fits FROM auth.refresh_tokens t"
            " JOIN auth.sessions s ON s.id = t.session WHERE s.player = $1",
            UUID(body["player"]["id"]),
        )
        assert [row["fits"] for row in rows] == [True, True]


async def test_ended_sessions_are_swept_away_and_players_stay(auth: Running) -> None:
    body = await auth.guest()
    player = UUID(body["player"]["id"])
    await auth.auth._pool.execute(
        "UPDATE auth.sessions SET expires_at = now() - interval '2 days' WHERE player = $1", player
    )
    assert await auth.auth.upkeep._store.sweep() == 1
    assert await auth.auth._pool.fetchval("SELECT count(*) FROM auth.players WHERE id = $1", player) == 1


async def test_a_browser_gets_cookies_and_no_tokens(auth: Running) -> None:
    answer = await auth.http.post("/auth/v1/guests", json={}, headers={"origin": auth.url})
    assert set(answer.json()) == {"player", "token_type", "expires_in"}
    cookies = answer.headers.get_list("set-cookie")
    assert [cookie.split("=")[0] for cookie in cookies] == ["playlog_access", "playlog_refresh"]
    assert all("HttpOnly" in cookie and "SameSite=strict" in cookie and "Path=/" in cookie for cookie in cookies)
    assert all(len(cookie) < 4096 for cookie in cookies)
    auth.http.cookies.clear()


async def test_behind_tls_cookies_are_host_bound_and_secure(auth: Running) -> None:
    headers = {"origin": "https://play.example", "x-forwarded-host": "play.example", "x-forwarded-proto": "https"}
    answer = await auth.http.post("/auth/v1/guests", json={}, headers=headers)
    cookies = answer.headers.get_list("set-cookie")
    assert [cookie.split("=")[0] for cookie in cookies] == ["__Host-playlog_access", "__Host-playlog_refresh"]
    assert all("Secure" in cookie and "Domain" not in cookie for cookie in cookies)
    auth.http.cookies.clear()


async def test_given_a_proxy_that_does_not_say_tls_when_a_browser_comes_in_then_no_cookie_is_set(
    auth: Running,
) -> None:
    headers = {"origin": "https://play.example", "x-forwarded-host": "play.example"}
    answer = await auth.http.post("/auth/v1/guests", json={}, headers=headers)
    assert (answer.status_code, answer.headers.get_list("set-cookie")) == (201, [])


async def test_a_browser_lives_on_its_cookies(auth: Running) -> None:
    origin = {"origin": auth.url}
    player = (await auth.http.post("/auth/v1/guests", json={}, headers=origin)).json()["player"]
    assert (await auth.http.get("/auth/v1/me")).json()["player"] == player
    assert (await auth.http.post("/auth/v1/tokens", json={}, headers=origin)).json()["player"] == player
    assert (await auth.http.post("/auth/v1/logout", json={}, headers=origin)).status_code == 204
    assert not list(auth.http.cookies.jar)
    assert (await auth.http.get("/auth/v1/me")).status_code == 401


async def test_without_redis_a_guest_still_comes_in(start: Start) -> None:
    async with start(redis_url="redis://127.0.0.1:1/0", auth_limit_loopback=True) as auth:
        assert (await auth.guest())["player"]["name"]
        await auth.auth.upkeep.round()
        assert auth.auth.health.ready
        assert "Redis" in auth.auth.health.report()["checks"]["redis"]["reason"]


async def test_without_postgresql_the_answer_is_503_with_retry_after(start: Start) -> None:
    async with start(postgres_url="postgresql://nobody@127.0.0.1:1/none") as auth:
        answer = await auth.http.post("/auth/v1/guests", json={})
        assert (answer.status_code, answer.json()["code"]) == (503, "postgres_away")
        assert int(answer.headers["retry-after"]) > 0
        await auth.auth.upkeep.round()
        assert (await auth.http.get("/readyz")).status_code == 503
        assert (await auth.http.get("/livez")).status_code == 200
        assert (await auth.http.get("/auth/v1/jwks.json")).status_code == 200


async def test_postgresql_without_our_tables_is_not_ready(start: Start, stack_postgres: str) -> None:
    async with start(postgres_url=stack_postgres) as auth:
        assert (await auth.http.post("/auth/v1/guests", json={})).status_code == 503


async def test_guests_per_address_are_limited_where_it_is_asked_for(start: Start, redis: Redis) -> None:
    await redis.flushdb()
    async with start(auth_limit_loopback=True, auth_guest_rate="3/hour") as auth:
        answers = [await auth.http.post("/auth/v1/guests", json={}) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
        assert 3000 < int(answers[-1].headers["retry-after"]) <= 3600
    await redis.flushdb()


async def test_the_limit_holds_in_process_while_redis_is_away(start: Start) -> None:
    away = "redis://127.0.0.1:1/0"
    async with start(auth_limit_loopback=True, auth_guest_rate="2/hour", redis_url=away) as auth:
        answers = [await auth.http.post("/auth/v1/guests", json={}) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [201, 201, 429]


@pytest.mark.parametrize("path", ["tokens", "logout"])
async def test_given_many_refreshes_from_one_address_when_one_more_comes_then_it_waits_and_ends_nothing(
    start: Start, redis: Redis, path: str
) -> None:
    await redis.flushdb()
    async with start(auth_limit_loopback=True, auth_refresh_rate="2/hour") as auth:
        token = (await auth.guest())["refresh_token"]
        sent = [await auth.http.post(f"/auth/v1/{path}", json={"refresh_token": "x"}) for _ in range(3)]
        assert [answer.status_code == 429 for answer in sent] == [False, False, True]
        assert 3000 < int(sent[-1].headers["retry-after"]) <= 3600
        assert (await auth.refresh(token)).status_code == 429
        await redis.flushdb()
        assert (await auth.refresh(token)).status_code == 200
    await redis.flushdb()


async def test_given_no_redis_when_refreshes_flood_in_then_the_limit_holds_in_process(start: Start) -> None:
    away = "redis://127.0.0.1:1/0"
    async with start(auth_limit_loopback=True, auth_refresh_rate="2/hour", redis_url=away) as auth:
        assert [(await auth.refresh("x")).status_code for _ in range(3)] == [401, 401, 429]


async def test_each_forwarded_address_has_its_own_limit(start: Start, redis: Redis) -> None:
    await redis.flushdb()
    async with start(auth_guest_rate="1/hour") as auth:

        async def one(address: str) -> int:
            headers = {"x-forwarded-for": f"6.6.6.6, {address}"}
            return (await auth.http.post("/auth/v1/guests", json={}, headers=headers)).status_code

        assert [await one("9.9.9.9"), await one("9.9.9.9"), await one("9.9.9.8")] == [201, 429, 201]
        assert [await one("2001:db8::1"), await one("2001:db8::ffff"), await one("2001:db8:1::1")] == [
            201,
            429,
            201,
        ]
    await redis.flushdb()


async def test_many_guests_at_once_are_all_different(auth: Running) -> None:
    guests = await asyncio.gather(*(auth.guest() for _ in range(20)))
    assert len({guest["player"]["id"] for guest in guests}) == 20


async def test_openapi_describes_bodies_and_problems(auth: Running) -> None:
    document = (await auth.http.get("/auth/openapi.json")).json()
    route = document["paths"]["/auth/v1/guests"]["post"]
    assert "application/problem+json" in route["responses"]["422"]["content"]
    assert JSON["content-type"] in route["requestBody"]["content"]
