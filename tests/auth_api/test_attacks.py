"""Attacks on refresh tokens, on identity by cookie, and with tokens that are not ours."""

import asyncio
from uuid import UUID

import pytest

from tests.auth_api.conftest import Running, Start

pytestmark = pytest.mark.stack
GARBAGE = "A" * 43


async def me(auth: Running, token: str) -> int:
    answer = await auth.http.get("/auth/v1/me", headers={"authorization": f"Bearer {token}"})
    return answer.status_code


async def test_an_unsigned_token_is_refused_without_detail(auth: Running) -> None:
    token = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.eyJzdWIiOiJhIn0."
    answer = await auth.http.get("/auth/v1/me", headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert answer.json()["detail"] == "The token is not valid."


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer a b", "Token x", "Bearer " + "x" * 6000])
async def test_an_odd_authorization_header_is_401(auth: Running, header: str) -> None:
    answer = await auth.http.get("/auth/v1/me", headers={"authorization": header})
    assert answer.status_code == 401


async def test_a_refresh_token_is_no_access_token_nor_the_other_way_round(auth: Running) -> None:
    body = await auth.guest()
    assert await me(auth, body["refresh_token"]) == 401
    assert (await auth.refresh(body["access_token"])).status_code == 401


async def test_a_deleted_player_is_nobody(auth: Running) -> None:
    body = await auth.guest()
    await auth.auth._pool.execute("DELETE FROM auth.players WHERE id = $1", UUID(body["player"]["id"]))
    assert await me(auth, body["access_token"]) == 401
    assert (await auth.refresh(body["refresh_token"])).status_code == 401


async def test_a_second_use_of_a_refresh_token_ends_the_session(auth: Running) -> None:
    body = await auth.guest()
    newest = (await auth.refresh(body["refresh_token"])).json()["refresh_token"]
    replay = await auth.refresh(body["refresh_token"])
    assert (replay.status_code, replay.json()["code"]) == (401, "invalid_token")
    assert (await auth.refresh(newest)).status_code == 401


async def test_of_twenty_parallel_uses_one_succeeds_and_the_session_ends(auth: Running) -> None:
    body = await auth.guest()
    answers = await asyncio.gather(*(auth.refresh(body["refresh_token"]) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 19
    winner = next(answer for answer in answers if answer.status_code == 200)
    assert (await auth.refresh(winner.json()["refresh_token"])).status_code == 401
    alive = await auth.auth._pool.fetchval(
        "SELECT count(*) FROM auth.sessions WHERE player = $1 AND ended_at IS NULL", UUID(body["player"]["id"])
    )
    assert alive == 0


async def test_two_processes_give_one_successor_between_them(auth: Running, start: Start) -> None:
    async with start() as other:
        body = await auth.guest()
        uses = [one.refresh(body["refresh_token"]) for one in [auth, other] * 5]
        answers = await asyncio.gather(*uses)
        assert sorted(answer.status_code for answer in answers) == [200] + [401] * 9


async def test_an_unknown_refresh_token_ends_nobody(auth: Running) -> None:
    body = await auth.guest()
    assert (await auth.refresh(GARBAGE)).status_code == 401
    assert (await auth.refresh(body["refresh_token"])).status_code == 200


async def test_refresh_tokens_are_not_stored(auth: Running) -> None:
    token = (await auth.guest())["refresh_token"]
    rows = await auth.auth._pool.fetch("SELECT hash FROM auth.refresh_tokens")
    assert all(token.encode() not in row["hash"] for row in rows)


CROSS_SITE = [
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": "https://127.0.0.1.evil.example"},
    {"origin": "http://127.0.0.1:1"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
]


@pytest.mark.parametrize("headers", CROSS_SITE, ids=str)
@pytest.mark.parametrize("path", ["guests", "tokens", "logout"])
async def test_a_page_of_another_site_is_refused(auth: Running, path: str, headers: dict[str, str]) -> None:
    answer = await auth.http.post(f"/auth/v1/{path}", json={}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", ["tokens", "logout"])
async def test_a_cookie_without_an_origin_is_refused(auth: Running, path: str) -> None:
    headers = {"cookie": f"playlog_refresh={GARBAGE}"}
    answer = await auth.http.post(f"/auth/v1/{path}", json={}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "origin_required")


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", ""]
)
async def test_a_form_is_refused(auth: Running, kind: str) -> None:
    headers = {"origin": auth.url, "content-type": kind}
    answer = await auth.http.post("/auth/v1/guests", content=b"{}", headers=headers)
    assert answer.status_code == 415


async def test_a_plain_cookie_is_not_believed_over_tls(auth: Running) -> None:
    token = (await auth.guest())["access_token"]
    headers = {"cookie": f"playlog_access={token}", "x-forwarded-proto": "https"}
    assert (await auth.http.get("/auth/v1/me", headers=headers)).status_code == 401


async def test_forwarded_headers_of_a_stranger_are_not_believed(start: Start) -> None:
    async with start(auth_proxies=frozenset({"192.0.2.1"})) as auth:
        headers = {"origin": "https://play.example", "x-forwarded-host": "play.example"}
        assert (await auth.http.post("/auth/v1/guests", json={}, headers=headers)).status_code == 403


async def test_a_listed_origin_may_sign_in(start: Start) -> None:
    async with start(auth_origins=frozenset({"https://friend.example"})) as auth:
        headers = {"origin": "https://friend.example"}
        assert (await auth.http.post("/auth/v1/guests", json={}, headers=headers)).status_code == 201
