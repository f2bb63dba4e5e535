"""Who may call: tokens, cookies, origins, hosts; and what every answer says to browsers."""

import secrets

from tests.gateway_api.client import Player, exchange
from tests.gateway_api.conftest import Running

MATCH = "/v1/matches/00000000-0000-5000-8000-000000000000"
PATHS = [MATCH, f"{MATCH}/events", f"{MATCH}/history", f"{MATCH}/commands/x", "/v1/players/x/matches", "/v1/games"]


async def test_nobody_reads_without_a_token(gateway: Running) -> None:
    async with gateway.http() as http:
        for path in PATHS:
            answer = await http.get(path)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")
            forged = await http.get(path, headers={"authorization": "Bearer a.b.c"})
            assert (forged.status_code, forged.json()["code"]) == (401, "invalid_token")


async def test_nobody_writes_without_a_token(gateway: Running) -> None:
    async with gateway.http() as http:
        for path in ("/v1/matches", f"{MATCH}/commands"):
            answer = await http.post(path, json={}, headers={"idempotency-key": "k"})
            assert answer.status_code == 401


async def test_a_browser_plays_with_its_cookies_from_its_own_origin_alone(gateway: Running) -> None:
    origin = gateway.url
    async with gateway.http() as http:
        signed = await http.post("/auth/v1/guests", json={}, headers={"origin": origin})
        assert "access_token" not in signed.json()
        cookie = {"cookie": f"playlog_access={http.cookies['playlog_access']}"}
        http.cookies.clear()

        def post(**headers: str):  # type: ignore[no-untyped-def]
            key = {"idempotency-key": secrets.token_hex(4), "prefer": "wait=5"}
            return http.post("/v1/matches", json={"game": "rps"}, headers={**cookie, **key, **headers})

        made = await post(origin=origin)
        assert made.status_code == 201
        assert (await post()).status_code == 403
        assert (await post(origin="https://evil.example")).status_code == 403
        assert (await post(**{"sec-fetch-site": "cross-site"})).status_code == 403
        events = f"/v1/matches/{made.json()['id']}/events"
        evil = await http.get(events, headers={**cookie, "origin": "https://evil.example"})
        assert evil.status_code == 403
        image = await http.get(events, headers={**cookie, "sec-fetch-site": "cross-site"})
        assert image.status_code == 403


async def test_other_host_names_are_refused(gateway: Running) -> None:
    async with gateway.http() as http:
        for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80"):
            answer = await http.get("/v1/games", headers={"host": host})
            assert (answer.status_code, answer.json()["code"]) == (400, "unknown_host")
        for host in ("localhost", "127.0.0.1:8000", "[::1]:8000"):
            assert (await http.get("/v1/games", headers={"host": host})).status_code == 401


async def test_every_answer_has_the_headers_of_the_edge(gateway: Running) -> None:
    ann = await gateway.guest()
    answers = [await ann.get(path) for path in ("/v1/games", "/v1/nothing", MATCH, "/", "/docs", "/auth/v1/me")]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert "server" not in answer.headers


async def test_auth_is_reached_through_the_gateway(gateway: Running) -> None:
    ann = await gateway.guest()
    me = await ann.get("/auth/v1/me")
    assert me.json()["player"] == {"id": ann.id, "name": ann.name}
    assert (await ann.get("/auth/livez")).status_code == 404
    for path in ("/auth/../metrics", "/auth/%2e%2e/metrics", "/auth//evil.example/x", "/auth/v1/%2e%2e/livez"):
        head = f"GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        assert (await exchange(gateway.url, head.encode())).startswith(b"HTTP/1.1 404 ")


async def test_a_problem_carries_the_callers_trace(gateway: Running) -> None:
    ann, trace = await gateway.guest(), secrets.token_hex(16)
    answer = await Player.get(ann, MATCH, traceparent=f"00-{trace}-{'2' * 16}-01")
    assert answer.json()["trace_id"] == trace
