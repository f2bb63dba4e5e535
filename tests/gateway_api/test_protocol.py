"""Fewer writes on a connection: a head goes with its body, and nothing that HTTP promises changes."""

from typing import Any
from urllib.parse import urlsplit

from gateway_api.protocol import CONTINUE, Joined
from tests.gateway_api.client import exchange
from tests.gateway_api.conftest import Running

HEAD = b"HTTP/1.1 202 Accepted\r\n\r\n"


class Transport:
    """Notes what is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


def joined() -> tuple[Transport, Any]:
    transport = Transport()
    return transport, Joined(transport)  # type: ignore[arg-type]


def test_head_and_body_are_one_write_and_what_follows_is_not_held() -> None:
    transport, response = joined()
    for part in (HEAD, b"one", b"two"):
        response.write(part)
    assert transport.written == [HEAD + b"one", b"two"]


def test_a_body_that_is_empty_releases_the_head() -> None:
    transport, response = joined()
    response.write(HEAD)
    response.write(b"")
    assert transport.written == [HEAD]


def test_a_client_that_waits_for_100_continue_gets_it_first() -> None:
    transport, response = joined()
    response.write(CONTINUE)
    assert transport.written == [CONTINUE]
    response.write(HEAD)
    response.write(b"body")
    assert transport.written == [CONTINUE, HEAD + b"body"]


def test_a_response_that_breaks_off_after_its_head_sends_it() -> None:
    transport, response = joined()
    response.write(HEAD)
    response.close()
    assert (transport.written, transport.closed) == ([HEAD], True)


async def test_head_requests_and_pipelined_ones_are_answered_in_order(gateway: Running) -> None:
    host = urlsplit(gateway.url).netloc
    lines = [f"HEAD /openapi.json HTTP/1.1\r\nhost: {host}\r\n\r\n"]
    lines += [f"GET /livez HTTP/1.1\r\nhost: {host}\r\n\r\n"] * 2
    lines += [f"GET /v1/games HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"]
    answer = await exchange(gateway.url, "".join(lines).encode())
    parts = answer.split(b"HTTP/1.1 ")[1:]
    assert [part[:3] for part in parts] == [b"200", b"200", b"200", b"401"]
    assert parts[0].endswith(b"\r\n\r\n")  # a head alone


async def test_a_head_request_gets_the_headers_of_a_get(gateway: Running) -> None:
    ann = await gateway.guest()
    match = await ann.new_match()
    async with gateway.http() as http:
        for path in ("/v1/games", f"/v1/matches/{match}", "/openapi.json", "/v1/matches/nobody"):
            got, head = [await http.request(method, path, headers=ann.bearer) for method in ("GET", "HEAD")]
            assert (head.status_code, head.content) == (got.status_code, b"")
            for name in ("content-type", "content-length", "etag", "cache-control"):
                assert head.headers.get(name) == got.headers.get(name)
        for path in (f"/v1/matches/{match}/events", "/v1/matches"):
            assert (await http.head(path, headers=ann.bearer)).status_code == 405


async def test_a_body_announced_with_100_continue_is_asked_for(gateway: Running) -> None:
    ann, host = await gateway.guest(), urlsplit(gateway.url).netloc
    head = f"POST /v1/matches HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {ann.token}\r\n"
    more = "content-type: application/json\r\nidempotency-key: k\r\ncontent-length: 14\r\n"
    asked = f"{head}{more}expect: 100-continue\r\nconnection: close\r\n\r\n"
    answer = await exchange(gateway.url, asked.encode() + b'{"game":"rps"}')
    assert answer.startswith(CONTINUE + b"HTTP/1.1 202")
