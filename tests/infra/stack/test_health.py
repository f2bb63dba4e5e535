"""How a service is asked for its health, wherever it listens."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import AF_INET, AF_INET6
from typing import Any

import pytest

from infra.stack import services
from infra.stack.health import in_url, is_ready, reachable, reasons
from infra.stack.home import Home
from infra.stack.ports import Ports, free_port
from infra.stack.settings import read
from playlog.commands.status import process_ready


class Ready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"all well")

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@contextmanager
def listening(host: str) -> Iterator[int]:
    """A service that is ready, on a port of `host` alone."""
    family = type("Server", (ThreadingHTTPServer,), {"address_family": AF_INET6 if ":" in host else AF_INET})
    server = family((host, 0), Ready)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "0.0.0.0", "::"])
def test_given_a_service_on_an_address_when_it_is_asked_there_then_it_is_ready(host: str) -> None:
    with listening(host) as port:
        assert is_ready(port, host)
        assert reasons(port, host) == "all well"


@pytest.mark.parametrize("host", ["127.0.0.2", "::1"])
def test_given_a_service_on_another_address_when_status_asks_then_it_is_ready(host: str) -> None:
    with listening(host) as port:
        process = {"state": "running", "pid": 1, "service": "gateway_api", "port": port, "host": host}
        assert process_ready(process)


def test_an_address_that_means_all_is_asked_on_loopback_and_ipv6_stands_in_brackets() -> None:
    assert [reachable(host) for host in ("0.0.0.0", "::", "192.0.2.7")] == ["127.0.0.1", "::1", "192.0.2.7"]
    assert [in_url(host) for host in ("::1", "localhost")] == ["[::1]", "localhost"]


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://localhost:8000"),
        ("0.0.0.0", "http://localhost:8000"),
        ("::", "http://[::1]:8000"),
        ("::1", "http://[::1]:8000"),
        ("192.0.2.7", "http://192.0.2.7:8000"),
    ],
)
def test_the_address_shown_is_one_that_a_browser_here_can_reach(host: str, url: str) -> None:
    assert read({"PLAYLOG_GATEWAY_HOST": host, "PLAYLOG_GATEWAY_PORT": "8000"}).gateway_url == url


def test_given_hosts_in_the_environment_when_services_are_planned_then_each_is_asked_where_it_listens(
    tmp_path: Path,
) -> None:
    settings = read(
        {
            "PLAYLOG_HOME": str(tmp_path),
            "PLAYLOG_GATEWAY_HOST": "127.0.0.2",
            "PLAYLOG_GATEWAY_PORT": str(free_port()),
            "PLAYLOG_AUTH_HOST": "::1",
            "PLAYLOG_HEALTH_HOST": "0.0.0.0",
        }
    )
    home = Home(tmp_path)
    home.make()
    tiers = services.plan(settings, home, Ports(settings, home.run / "ports.json"), {}).tiers
    programs = {program.name: program for tier in tiers for program in tier}
    hosts = {name: programs[name].host for name in ("gateway", "auth", "engine-1")}
    assert hosts == {"gateway": "127.0.0.2", "auth": "::1", "engine-1": "0.0.0.0"}
    assert programs["gateway"].environment["PLAYLOG_AUTH_URL"] == f"http://[::1]:{programs['auth'].port}"
