"""Malformed requests get problems that name the field and echo nothing; never a 500."""

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.auth_api.conftest import JSON, Running

pytestmark = pytest.mark.stack
CANARY = "zq7canary"
POSTS = ["guests", "tokens", "logout"]


def is_problem(answer: httpx2.Response, status: int) -> bool:
    body = answer.json()
    return (
        answer.status_code == status == body["status"]
        and answer.headers["content-type"] == "application/problem+json"
        and {"type", "title", "detail", "code", "trace_id"} <= set(body)
        and len(answer.content) <= 2048
        and CANARY not in answer.text
    )


async def post(auth: Running, path: str, content: bytes, **headers: str) -> httpx2.Response:
    return await auth.http.post(f"/auth/v1/{path}", content=content, headers=JSON | headers)


VALUES = {
    "nan": b"NaN",
    "infinite": b"1e400",
    "minus infinite": b"-Infinity",
    "5000 digits": b"9" * 5000,
    "number": b"1",
    "true": b"true",
    "float": b"1.5",
    "null byte": b'"a\\u0000b"',
    "lone surrogate": b'"\\ud800"',
    "list": b"[]",
    "object": b"{}",
    "too long": b'"' + CANARY.encode() * 800 + b'"',
    "empty": b'""',
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
async def test_a_wrong_value_names_its_field(auth: Running, value: bytes) -> None:
    answer = await post(auth, "tokens", b'{"refresh_token": ' + value + b"}")
    assert is_problem(answer, 422)
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/refresh_token"]


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("field", ["is_admin", "player", CANARY, "x" * 4000, "\u202eab", "e\u0301" * 500])
async def test_an_unknown_field_is_refused_and_not_named(auth: Running, path: str, field: str) -> None:
    answer = await post(auth, path, json.dumps({field: CANARY}).encode())
    assert is_problem(answer, 422)
    assert answer.json()["errors"] == [{"pointer": "", "detail": "has a field that is not known"}]


BYTES = {
    "invalid utf-8": b'{"refresh_token": "\xff"}',
    "overlong": b'{"refresh_token": "\xc0\xaf"}',
    "utf-16": '{"a": 1}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "duplicate key": b'{"refresh_token": "a", "refresh_token": "b"}',
    "trailing": b"{} x",
    "two documents": b"{}{}",
    "half": b'{"refresh_token"',
    "raw control character": b'{"refresh_token": "\x01"}',
    "single quotes": b"{'a': 1}",
    "comment": b"{} // a",
}


@pytest.mark.parametrize("content", BYTES.values(), ids=BYTES.keys())
@pytest.mark.parametrize("path", POSTS)
async def test_what_is_not_strict_json_is_400(auth: Running, path: str, content: bytes) -> None:
    assert is_problem(await post(auth, path, content), 400)


@pytest.mark.parametrize("content", [b"[]", b'"a"', b"1", b"null", b""])
async def test_a_body_that_is_no_object_is_422(auth: Running, content: bytes) -> None:
    assert is_problem(await post(auth, "guests", content), 422)


@pytest.mark.parametrize("content", [b"[" * 16_000, b'{"a":' * 3000 + b"1" + b"}" * 300], ids=["lists", "objects"])
async def test_deep_nesting_is_refused_at_once(auth: Running, content: bytes) -> None:
    begun = time.perf_counter()
    answer = await post(auth, "guests", content)
    assert is_problem(answer, 400)
    assert time.perf_counter() - begun < 0.5


async def test_ten_megabytes_are_413(auth: Running) -> None:
    assert is_problem(await post(auth, "guests", b"[" * 10_000_000), 413)


async def test_ten_megabytes_in_chunks_are_413(auth: Running) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(160):
            yield b" " * 65_536

    answer = await auth.http.post("/auth/v1/guests", content=chunks(), headers=JSON)
    assert is_problem(answer, 413)


async def test_a_gzip_bomb_is_415(auth: Running) -> None:
    bomb = gzip.compress(b" " * 1_000_000)
    assert is_problem(await post(auth, "guests", bomb, **{"content-encoding": "gzip"}), 415)


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "99999999999999999999"])
async def test_a_false_content_length_is_refused(auth: Running, length: str) -> None:
    status = await raw(auth, f"content-type: application/json\r\ncontent-length: {length}\r\n\r\n{{}}")
    assert status in (400, 413)


async def test_a_body_shorter_than_announced_gets_no_500(auth: Running) -> None:
    status = await raw(auth, "content-type: application/json\r\ncontent-length: 10\r\n\r\n{}", half_close=True)
    assert status in (None, 400)


async def raw(auth: Running, rest: str, *, half_close: bool = False) -> int | None:
    """The status of a request written by hand, None where the connection is closed without one."""
    host, port = auth.host.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(f"POST /auth/v1/guests HTTP/1.1\r\nhost: {auth.host}\r\n{rest}".encode())
        if half_close:
            writer.write_eof()
        async with asyncio.timeout(5):
            line = await reader.readline()
        return int(line.split()[1]) if line else None
    finally:
        writer.close()
        await writer.wait_closed()


async def test_a_megabyte_of_canary_is_not_echoed(auth: Running) -> None:
    content = json.dumps({"refresh_token": CANARY * 120_000}).encode()
    assert is_problem(await post(auth, "tokens", content), 413)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"/{CANARY}", 404),
        ("GET", f"/auth/v1/{CANARY}?q={CANARY}", 404),
        ("GET", "/auth/v1/guests", 405),
        ("PUT", "/auth/v1/guests", 405),
        ("TRACE", "/auth/v1/me", 405),
        ("POST", "/auth/v1/jwks.json", 405),
        ("GET", "/auth/v1/%2e%2e/readyz", 404),
        ("GET", "//admin", 404),
        ("GET", "/docs", 404),
    ],
)
async def test_unknown_routes_and_methods_are_problems(auth: Running, method: str, path: str, status: int) -> None:
    assert is_problem(await auth.http.request(method, auth.url + path), status)


async def test_method_override_is_ignored(auth: Running) -> None:
    headers = {"x-http-method-override": "DELETE"}
    assert (await auth.http.get("/auth/v1/jwks.json", headers=headers)).status_code == 200


async def test_a_callers_trace_id_is_kept_and_a_bad_one_replaced(auth: Running) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    good = await auth.http.get("/nowhere", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    bad = await auth.http.get("/nowhere", headers={"traceparent": f"00-{CANARY}-1-01"})
    assert good.json()["trace_id"] == trace
    assert len(bad.json()["trace_id"]) == 32
