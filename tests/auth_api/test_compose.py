"""Browsers in front of the containers: docker-compose.yml lets them sign in, and nobody else speak for them."""

import re
from ipaddress import ip_network
from typing import Any

import httpx2
import pytest
import yaml

from gateway_api.settings import GatewaySettings
from infra.stack.settings import CLONE
from tests.auth_api.conftest import Running, Start

pytestmark = pytest.mark.stack
BROWSER = {
    "host": "auth:8001",
    "origin": "http://localhost:8000",
    "x-forwarded-host": "localhost:8000",
    "x-forwarded-for": "9.9.9.9",
}


def compose() -> Any:
    """The file with its variables' defaults; those without one are passwords."""
    text = (CLONE / "docker-compose.yml").read_text()
    return yaml.safe_load(re.sub(r"\$\{\w+(?::-([^}]*)|:\?[^}]*)\}", lambda found: found[1] or "secret", text))


def proxies(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give this process the variable that the service's container gets."""
    name = f"PLAYLOG_{service.upper()}_PROXIES"
    monkeypatch.setenv(name, compose()["services"][service]["environment"][name])


async def sign_in(auth: Running, peer: str) -> int:
    transport = httpx2.ASGITransport(auth.auth.app, client=(peer, 40_000))
    async with httpx2.AsyncClient(transport=transport, base_url="http://auth:8001") as http:
        return (await http.post("/auth/v1/guests", json={}, headers=BROWSER)).status_code


def network() -> Any:
    """The subnet of the containers."""
    (config,) = compose()["networks"]["default"]["ipam"]["config"]
    return ip_network(config["subnet"])


async def test_given_composes_settings_when_a_browser_signs_in_through_the_gateway_then_it_is_a_guest(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxies("auth", monkeypatch)
    async with start() as auth:
        assert await sign_in(auth, str(network()[5])) == 201


async def test_given_composes_settings_when_a_stranger_forwards_a_host_then_it_is_not_believed(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxies("auth", monkeypatch)
    async with start() as auth:
        assert await sign_in(auth, str(network().broadcast_address + 5)) == 403


def test_given_composes_settings_when_the_gateway_starts_then_it_believes_the_same_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxies("gateway", monkeypatch)
    given: dict[str, Any] = {"kafka": "k:1", "redis_url": "redis://r", "postgres_url": "postgresql://p"}
    assert network() in GatewaySettings(**given).gateway_proxies
