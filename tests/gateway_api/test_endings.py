"""Sessions that ended: their access tokens and streams die within a second, on every gateway."""

import time
from functools import partial

import pytest

from gateway_api import endings, sse
from infra.stack.trial import Trial
from schemas import keys
from tests.gateway_api.client import Player, wait_until
from tests.gateway_api.conftest import Running, Start

SOON = 1.0  # seconds from the end of a session to the last answer that its tokens get
PATIENCE = 10.0  # of tests: a loaded machine takes its time over everything


def test_a_look_at_ended_sessions_and_a_round_of_streams_fit_into_a_second() -> None:
    assert endings.LOOK_SECONDS + sse.ROUND_SECONDS < SOON


async def auth(player: Player, path: str, token: str) -> int:
    return (await player.post(f"/auth/v1/{path}", {"refresh_token": token})).status_code


async def refused(player: Player) -> bool:
    answer = await player.get("/v1/games")
    return (answer.status_code, answer.json().get("code")) == (401, "invalid_token")


async def until_refused(*players: Player) -> None:
    for player in players:
        await wait_until(partial(refused, player), seconds=PATIENCE)


async def test_who_signs_out_is_out_everywhere_within_a_second(gateway: Running, start: Start) -> None:
    ann, bob = await gateway.guest(), await gateway.guest()
    async with start() as second:
        elsewhere = Player(second.url, ann.id, ann.name, ann.token, ann.refresh)
        assert not await refused(elsewhere)
        assert await auth(ann, "logout", ann.refresh) == 204
        await until_refused(ann, elsewhere)
    assert (await ann.post("/v1/matches", {"game": "rps"})).status_code == 401
    assert not await refused(bob)


async def test_a_stolen_refresh_token_ends_thief_and_victim_alike(gateway: Running) -> None:
    victim = await gateway.guest()
    answer = await victim.post("/auth/v1/tokens", {"refresh_token": victim.refresh})
    thief = Player(victim.url, victim.id, victim.name, answer.json()["access_token"], "")
    assert not await refused(thief)
    assert await auth(victim, "tokens", victim.refresh) == 401
    await until_refused(victim, thief)


async def test_a_stream_ends_with_its_session_and_says_so(gateway: Running) -> None:
    ann, bob = await gateway.guest(), await gateway.guest()
    match = await ann.new_match()
    async with ann.stream(match) as his, bob.stream(match) as other:
        await his.view()
        await other.view()
        assert await auth(ann, "logout", ann.refresh) == 204
        last = await his.event(PATIENCE)
        assert last is not None
        assert (last.name, await his.event(PATIENCE)) == ("expired", None)
        await bob.send(match, {"type": "join"})
        assert (await other.view()).data["status"] == "playing"
    async with ann.stream(match) as again:
        assert again.status == 401


async def test_a_session_that_was_renewed_ends_as_a_whole(gateway: Running) -> None:
    ann = await gateway.guest()
    answer = await ann.post("/auth/v1/tokens", {"refresh_token": ann.refresh})
    newer = Player(ann.url, ann.id, ann.name, answer.json()["access_token"], answer.json()["refresh_token"])
    assert not await refused(ann)
    assert await auth(newer, "logout", newer.refresh) == 204
    await until_refused(ann, newer)


async def test_what_is_known_stays_known_when_redis_is_emptied(gateway: Running) -> None:
    ann = await gateway.guest()
    await auth(ann, "logout", ann.refresh)
    await until_refused(ann)
    await gateway.redis.delete(keys.ENDED)
    await gateway.redis.zadd(keys.ENDED, {b"\xff no session of ours": time.time() * 1000 + 500})
    await gateway.gateway._endings.look()
    assert await refused(ann)


async def test_without_redis_tokens_are_good_and_ends_stay_known(gateway: Running, stack: Trial) -> None:
    ann, bob = await gateway.guest(), await gateway.guest()
    await auth(ann, "logout", ann.refresh)
    await until_refused(ann)
    stack.redis.pause()
    try:
        await gateway.gateway._endings.look()
        assert await refused(ann)
        assert not await refused(bob)
    finally:
        stack.redis.resume()


@pytest.mark.parametrize("left_ms", [-1, 3000])
async def test_an_end_is_forgotten_when_the_last_token_has_expired(gateway: Running, left_ms: int) -> None:
    session = f"over-{left_ms}"
    await gateway.redis.zadd(keys.ENDED, {session: time.time() * 1000 + left_ms})
    await gateway.gateway._endings.look()
    assert (session in gateway.gateway._endings) == (left_ms > 0)

    async def forgotten() -> bool:
        return session not in gateway.gateway._endings

    await wait_until(forgotten)
