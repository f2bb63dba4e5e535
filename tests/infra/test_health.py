"""Health: ready when everything expected was reported good, alive while the loop beats."""

import asyncio
import json
import socket

import httpx2

from infra.clock import ManualClock
from infra.health import Health, HealthApp, serve
from infra.metrics import OUTCOMES


def test_a_process_is_not_ready_before_every_expected_check_was_reported() -> None:
    health = Health(["kafka", "redis"])
    health.set("kafka", True)
    assert not health.ready
    assert health.report()["checks"]["redis"] == {"ok": False, "reason": "not reported yet"}
    health.set("redis", True)
    assert health.ready


def test_a_check_nobody_expected_counts_too() -> None:
    health = Health()
    health.set("disk", False, "full")
    assert health.report() == {"ready": False, "checks": {"disk": {"ok": False, "reason": "full"}}}


def test_a_loop_that_stopped_beating_is_neither_alive_nor_ready() -> None:
    clock = ManualClock()
    health = Health(beat_seconds=10, monotonic=clock.monotonic)
    assert health.alive
    health.beat()
    clock.advance(10)
    assert health.alive
    clock.advance(1)
    assert not health.alive
    assert not health.ready
    health.beat()
    assert health.ready


def test_the_answers_carry_status_and_reasons() -> None:
    health = Health(["kafka"])
    assert health.answer("/livez")[0] == 200
    status, kind, body = health.answer("/readyz")
    assert (status, kind, json.loads(body)["ready"]) == (503, "application/json", False)
    OUTCOMES.labels("accepted").inc()
    assert b'playlog_outcomes_total{verdict="accepted"}' in health.answer("/metrics")[2]


async def test_the_paths_are_served_on_their_own_port_until_the_stop() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    health, stop = Health(["kafka"]), asyncio.Event()
    server = asyncio.create_task(serve(health, "127.0.0.1", port, stop))
    transport = httpx2.AsyncHTTPTransport(retries=5)
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", transport=transport) as http:
        assert (await http.get("/readyz")).status_code == 503
        health.set("kafka", True)
        assert (await http.get("/readyz")).json() == {"ready": True, "checks": {"kafka": {"ok": True}}}
        assert "# HELP" in (await http.get("/metrics")).text
        assert (await http.get("/admin")).status_code == 404
        assert (await http.head("/livez")).content == b""
    stop.set()
    async with asyncio.timeout(5):
        await server


async def test_other_paths_go_to_the_application_behind() -> None:
    async def behind(scope: object, receive: object, send: object) -> None:
        seen.append(scope["path"])  # type: ignore[index]
        await HealthApp(Health())(scope, receive, send)

    seen: list[str] = []
    transport = httpx2.ASGITransport(app=HealthApp(Health(), behind=behind))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
        await http.get("/livez")
        await http.get("/other")
    assert seen == ["/other"]
