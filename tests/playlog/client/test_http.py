"""Requests on kept connections; what nobody knows the fate of is said, and a command is repeated under its key."""

import asyncio

import pytest

from playlog.client.http import Origin, Pool, Unanswered
from playlog.client.player import Failed, Player
from tests.playlog.client.server import Request, serving, whole

TOKENS = {
    "player": {"id": "p", "name": "n"},
    "access_token": "first",
    "refresh_token": "r1",
    "expires_in": 600,
}


async def test_one_connection_serves_many_requests() -> None:
    async def echo(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(whole(request.body))

    async with serving(echo) as server:
        pool = Pool(server.url)
        for number in range(5):
            answer = await pool.request("POST", "/x", {"a": "b"}, b"%d" % number)
            assert (answer.status, answer.body) == (200, b"%d" % number)
        assert server.connections == 1
        assert server.requests[0].headers["host"] in server.url
        pool.close()


async def test_a_chunked_answer_arrives_whole_however_it_is_cut() -> None:
    async def slowly(_: Request, writer: asyncio.StreamWriter) -> None:
        for (
            byte
        ) in b"HTTP/1.1 200 OK\r\nX-A: b\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n":
            writer.write(bytes([byte]))
            await writer.drain()

    async with serving(slowly) as server:
        pool = Pool(server.url)
        answer = await pool.request("GET", "/x", {})
        assert (answer.body, answer.headers["x-a"]) == (b"abcde", "b")
        pool.close()


async def test_more_requests_than_places_wait_their_turn() -> None:
    running = most = 0

    async def count(_: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        writer.write(whole(b""))

    async with serving(count) as server:
        pool = Pool(server.url, most=3)
        await asyncio.gather(*(pool.request("GET", "/", {}) for _ in range(20)))
        assert most <= 3
        assert server.connections <= 3
        pool.close()


async def test_a_lost_connection_and_no_answer_in_time_are_unanswered() -> None:
    async def hang_up(request: Request, writer: asyncio.StreamWriter) -> None:
        if request.line.startswith("GET /lost"):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc")
            writer.close()

    async with serving(hang_up) as server:
        pool = Pool(server.url)
        with pytest.raises(Unanswered):
            await pool.request("GET", "/lost", {})
        with pytest.raises(Unanswered):
            await pool.request("GET", "/late", {}, seconds=0.05)
        with pytest.raises(Unanswered):
            await Pool("http://127.0.0.1:1").request("GET", "/", {})


async def test_an_answer_that_is_no_http_is_unanswered() -> None:
    async def nonsense(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"nonsense\r\n\r\n")

    async with serving(nonsense) as server:
        with pytest.raises(Unanswered):
            await Pool(server.url).request("GET", "/", {})


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://a", "http://a/path", "http://"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="http://host:port"):
        Origin.of(url)


async def test_a_command_that_may_have_arrived_is_repeated_under_its_key() -> None:
    async def second_time(_: Request, writer: asyncio.StreamWriter) -> None:
        if len(server.requests) < 2:
            writer.close()
        else:
            writer.write(whole(b"{}", "202 Accepted"))

    async with serving(second_time) as server:
        player = Player(Pool(server.url), TOKENS)
        assert (await player.post("/v1/matches", b"{}")).status == 202
        keys = {request.headers["idempotency-key"] for request in server.requests}
        assert (len(server.requests), len(keys)) == (2, 1)


async def test_patience_is_shown_when_the_server_asks_for_it() -> None:
    async def later(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(
            whole(b'{"code":"away"}', "503 x", "retry-after: 0")
            if len(server.requests) < 3
            else whole(b'{"id":"m"}', "201 Created")
        )

    async with serving(later) as server:
        player = Player(Pool(server.url), TOKENS)
        assert await player.create("rps") == {"id": "m"}
        assert len({request.headers["idempotency-key"] for request in server.requests}) == 1


async def test_a_refusal_names_its_code() -> None:
    async def refuse(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(whole(b'{"code":"not_seated"}', "403 Forbidden"))

    async with serving(refuse) as server:
        with pytest.raises(Failed, match="403 not_seated"):
            await Player(Pool(server.url), TOKENS).command("m", {"type": "join"})


async def test_a_token_is_exchanged_once_before_it_expires() -> None:
    async def tokens(request: Request, writer: asyncio.StreamWriter) -> None:
        fresh = b'{"access_token":"second","refresh_token":"r2","expires_in":600}'
        writer.write(whole(fresh if "/auth/" in request.line else b"{}"))

    async with serving(tokens) as server:
        player = Player(Pool(server.url), {**TOKENS, "expires_in": 30})
        await asyncio.gather(*(player.get("/v1/games") for _ in range(3)))
        assert sum("/auth/v1/tokens" in request.line for request in server.requests) == 1
        assert {request.headers.get("authorization") for request in server.requests} == {None, "Bearer second"}
