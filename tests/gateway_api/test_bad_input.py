"""Malformed requests: named, never echoed, never a 500."""

import gzip
from typing import Any

import pytest

from tests.gateway_api.client import Player, exchange
from tests.gateway_api.conftest import Running

JSON = {"content-type": "application/json", "idempotency-key": "k"}
CANARY = "canary-7f3a"
UNKNOWN = "00000000-0000-5000-8000-000000000000"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"game": "rps", "options": {"best_of": 4}}, "/options/best_of"),
        ({"game": "rps", "options": {"best_of": 33}}, "/options/best_of"),
        ({"game": "rps", "options": {"best_of": True}}, "/options/best_of"),
        ({"game": "rps", "options": {"best_of": 3.0}}, "/options/best_of"),
        ({"game": "rps", "options": {"best_of": "3"}}, "/options/best_of"),
        ({"game": "rps", "options": {"move_seconds": 4}}, "/options/move_seconds"),
        ({"game": "rps", "options": {"move_seconds": 86_401}}, "/options/move_seconds"),
        ({"game": "rps", "options": {"opponent": CANARY}}, "/options/opponent"),
        ({"game": "rps", "options": {CANARY: 1}}, "/options"),
        ({"game": "rps", "options": None}, "/options"),
        ({"game": 7}, "/game"),
        ({"game": CANARY}, "/game"),
        ({}, "/game"),
        ({"game": "rps", "winner": 0}, ""),
        ([], ""),
    ],
)
async def test_a_wrong_new_match_names_the_field(gateway: Running, body: Any, pointer: str) -> None:
    ann = await gateway.guest()
    answer = await ann.post("/v1/matches", body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert CANARY not in answer.text


async def test_an_unknown_game_has_its_own_code(gateway: Running) -> None:
    ann = await gateway.guest()
    assert (await ann.post("/v1/matches", {"game": "chess"})).json()["code"] == "unknown_game"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"type": "fly"}, "/type"),
        ({"type": ["play"]}, "/type"),
        ({}, "/type"),
        ({"type": "join", "seat": 0}, ""),
        ({"type": "play"}, "/move"),
        ({"type": "play", "move": "rock"}, "/move"),
        ({"type": "play", "move": {"shape": "x" * 1100}}, "/move"),
        ({"type": "play", "move": {}, "round": 0}, "/round"),
        ({"type": "play", "move": {}, "round": True}, "/round"),
        ({"type": "play", "move": {}, "round": 2**31}, "/round"),
        ({"type": "play", "move": {}, "round": 1.0}, "/round"),
        ({"type": "play", "move": {"shape": -(2**63) - 1}}, "/move/shape"),
        ({"type": "play", "move": {"shape": 2**64}}, "/move/shape"),
        ({"type": "play", "move": {}, "version": 9}, ""),
        ("join", ""),
    ],
)
async def test_a_wrong_command_names_the_field(gateway: Running, body: Any, pointer: str) -> None:
    ann = await gateway.guest()
    answer = await ann.send(UNKNOWN, body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b'{"game": NaN}', 422),
        (b'{"game": 1e400}', 422),
        (b'{"game": ' + b"9" * 5000 + b"}", 422),
        (b'{"game": -' + b"9" * 19 + b"}", 422),
        (b'{"game": "\\ud800"}', 422),
        (b'{"game": "\\u0000"}', 422),
        (b'{"game": "rps", "game": "rps"}', 400),
        (b'\xef\xbb\xbf{"game": "rps"}', 400),
        (b'{"game": "\xff"}', 400),
        ('{"game": "rps"}'.encode("utf-16"), 400),
        (b'{"game": "rps"} x', 400),
        (b"[" * 10_000, 400),
        (b"", 400),
        (b'{"game": "' + b"x" * 20_000 + b'"}', 413),
    ],
)
async def test_what_is_not_strict_json_is_refused(gateway: Running, raw: bytes, status: int) -> None:
    ann = await gateway.guest()
    for path in ("/v1/matches", f"/v1/matches/{UNKNOWN}/commands"):
        answer = await post_raw(gateway, ann, path, raw)
        assert answer.status_code == status
        assert len(answer.content) <= 2048
        assert answer.headers["content-type"] == "application/problem+json"


async def test_other_content_is_refused(gateway: Running) -> None:
    ann = await gateway.guest()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"):
        assert (await post_raw(gateway, ann, "/v1/matches", b"{}", **{"content-type": kind})).status_code == 415
    zipped = gzip.compress(b"{}")
    answer = await post_raw(gateway, ann, "/v1/matches", zipped, **{"content-encoding": "gzip"})
    assert answer.status_code == 415


@pytest.mark.parametrize("key", ["", "a" * 256, "caf\u00e9", '""', "a\tb"])
async def test_a_senseless_idempotency_key_is_refused(gateway: Running, key: str) -> None:
    ann = await gateway.guest()
    headers = {"idempotency-key": key.encode("latin-1")}
    answer = await post_raw(gateway, ann, "/v1/matches", b'{"game":"rps"}', **headers)
    assert answer.status_code == 400
    assert answer.json()["code"].startswith("idempotency_key_")


async def test_a_missing_idempotency_key_is_named(gateway: Running) -> None:
    ann = await gateway.guest()
    async with gateway.http() as http:
        answer = await http.post("/v1/matches", json={"game": "rps"}, headers=ann.bearer)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")


@pytest.mark.parametrize("path", ["/v1", "/v1/nothing", "/v1/matches/x/commands/y/z", "/docs/x"])
async def test_unknown_addresses_are_problems(gateway: Running, path: str) -> None:
    ann = await gateway.guest()
    answer = await ann.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_wrong_method_is_a_problem(gateway: Running) -> None:
    async with gateway.http() as http:
        for method in ("DELETE", "TRACE", "PUT", "GET"):
            answer = await http.request(method, "/v1/matches")
            assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
            assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("command", ["x", "0" * 65, UNKNOWN.upper() + "A", "%00"])
async def test_what_cannot_be_a_command_is_not_pending(gateway: Running, command: str) -> None:
    ann = await gateway.guest()
    answer = await ann.get(f"/v1/matches/{UNKNOWN}/commands/{command}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("match", ["x", "%00", "..%2f..", UNKNOWN.upper() + "A", UNKNOWN + "%0a"])
async def test_what_cannot_be_a_match_is_unknown(gateway: Running, match: str) -> None:
    ann = await gateway.guest()
    assert (await ann.get(f"/v1/matches/{match}")).status_code == 404
    assert (await ann.send(match, {"type": "join"})).status_code in (404, 405)


async def post_raw(gateway: Running, player: Player, path: str, raw: bytes, **headers: Any) -> Any:
    async with gateway.http() as http:
        return await http.post(path, content=raw, headers={**player.bearer, **JSON, **headers})


@pytest.mark.parametrize("name", [b"user-agent", b"origin", b"accept-language", b"x-forwarded-for"])
async def test_headers_that_are_not_ascii_are_no_fault_of_ours(gateway: Running, name: bytes) -> None:
    raw = b"GET /auth/v1/me HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n%b: caf\xe9\r\n\r\n" % name
    answer = await exchange(gateway.url, raw)
    assert answer.startswith(b"HTTP/1.1 4")
