"""The wire itself: heads that are too large or too slow, framing tricks; ports; pages; documents."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gateway_api import asyncapi, openapi, protocol
from tests.gateway_api.client import exchange
from tests.gateway_api.conftest import Running, Start

HOST = b"GET /v1/games HTTP/1.1\r\nhost: localhost\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        HOST + b"x-large: " + b"a" * 70_000 + b"\r\n\r\n",
        HOST + b"".join(b"x-%d: 1\r\n" % n for n in range(1000)) + b"\r\n",
        HOST + b"content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        HOST + b"content-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        HOST + b"folded: a\r\n b\r\n\r\n",
        b"GET /v1/games HTTP/1.1\nhost: localhost\n\n",
        b"GET /\xff HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET /v1/games HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\nconnection: close\r\n\r\n",
        b"GET /v1/games HTTP/1.1\r\nconnection: close\r\n\r\n",
    ],
)
async def test_odd_framing_is_never_routed(gateway: Running, raw: bytes) -> None:
    answer = await exchange(gateway.url, raw)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert not answer.startswith(b"HTTP/1.1 401")  # would mean that a route was asked


async def test_a_head_that_does_not_arrive_is_cut(gateway: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    assert await exchange(gateway.url, b"", 5) == b""
    assert await exchange(gateway.url, HOST, 5) == b""


@pytest.mark.parametrize(
    ("request_head", "rest"),
    [
        (HOST + b"\r\n", b"\r\n"),
        (HOST.replace(b"GET", b"POST") + b"content-type: application/json\r\ncontent-length: 1000\r\n\r\n", b"{"),
    ],
)
async def test_bytes_that_begin_no_request_do_not_keep_a_connection(
    gateway: Running, monkeypatch: pytest.MonkeyPatch, request_head: bytes, rest: bytes
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    url = urlsplit(gateway.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    try:
        async with asyncio.timeout(5):
            writer.write(request_head)
            assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 4")
            writer.write(rest)
            await reader.read()
    except ConnectionResetError:
        pass  # cut over what was not read
    finally:
        writer.close()


@pytest.mark.parametrize("port", [b"x", b"80:80", b"caf\xe9", b"8000/x"])
async def test_a_host_whose_port_is_no_number_is_unknown(gateway: Running, port: bytes) -> None:
    raw = b"GET /v1/games HTTP/1.1\r\nhost: localhost:%b\r\nconnection: close\r\n\r\n" % port
    answer = await exchange(gateway.url, raw)
    assert answer.startswith(b"HTTP/1.1 400")


async def test_pages_come_from_the_built_client(start: Start, tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "index-C0ffee12.js").write_text("1" * 2000)
    (tmp_path / "index.html").write_text("<!doctype html>the page")
    (tmp_path / "favicon.svg").write_text("<svg/>")
    async with start(gateway_web=tmp_path) as one, one.http() as http:
        for path in ("/", "/m/00000000-0000-5000-8000-000000000000", "/history"):
            page = await http.get(path)
            assert (page.text, page.headers["cache-control"]) == ("<!doctype html>the page", "no-cache")
        script = await http.get("/assets/index-C0ffee12.js")
        assert (script.headers["content-encoding"], script.text) == ("gzip", "1" * 2000)
        assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
        icon = await http.get("/favicon.svg")
        assert icon.headers["cache-control"] == "no-cache"
        for path in ("/assets/gone-C0ffee12.js", "/../pyproject.toml", "/%2e%2e/pyproject.toml", "/.env", "/%00"):
            missing = await http.get(path)
            assert "playlog" not in missing.text.lower(), path


async def test_documents_are_served_as_committed(gateway: Running) -> None:
    async with gateway.http() as http:
        assert (await http.get("/openapi.json")).content == openapi.TARGET.read_bytes()
        assert (await http.get("/asyncapi")).content == asyncapi.TARGET.read_bytes()
        page = await http.get("/docs")
    assert "/v1/matches/{match_id}/events" in page.text
    assert "<script" not in page.text


def test_the_committed_documents_are_true() -> None:
    assert openapi.TARGET.read_bytes() == openapi.document(), "run python -m gateway_api.openapi"
    assert asyncapi.TARGET.read_bytes() == asyncapi.document(), "run python -m gateway_api.asyncapi"


async def test_documents_can_be_switched_off(start: Start) -> None:
    async with start(gateway_docs=False) as one, one.http() as http:
        for path in ("/openapi.json", "/asyncapi", "/docs", "/auth/openapi.json"):
            assert (await http.get(path)).status_code == 404


async def test_a_taken_port_is_one_sentence(gateway: Running) -> None:
    port = urlsplit(gateway.url).port
    settings = gateway.gateway.settings
    environment = {
        **os.environ,
        "PLAYLOG_GATEWAY_PORT": str(port),
        "PLAYLOG_KAFKA": settings.kafka,
        "PLAYLOG_REDIS_URL": settings.redis_url.get_secret_value(),
        "PLAYLOG_POSTGRES_URL": settings.postgres_url.get_secret_value(),
    }
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-m", "gateway_api"], env=environment, capture_output=True, timeout=30
    )
    lines = [line for line in done.stderr.decode().splitlines() if not line.startswith("{")]
    assert done.returncode != 0
    assert len(lines) == 1
    assert "PLAYLOG_GATEWAY_PORT" in lines[0]
