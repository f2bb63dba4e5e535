"""auth_api as a process: starts, answers, stops; tells an operator what is wrong and exits with 2."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from infra.stack.trial import Trial
from tests.auth_api.conftest import free_port, redis_url

pytestmark = pytest.mark.stack
CLONE = Path(__file__).parents[2]
READY_SECONDS = 20


def environment(stack: Trial, database: str, home: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLAYLOG_")}
    return kept | {
        "PLAYLOG_REDIS_URL": redis_url(stack),
        "PLAYLOG_POSTGRES_URL": database,
        "PLAYLOG_HOME": str(home),
        "PLAYLOG_AUTH_PORT": str(port),
    }


@contextmanager
def process(variables: Mapping[str, str]) -> Iterator["subprocess.Popen[str]"]:
    child = subprocess.Popen(
        [sys.executable, "-m", "auth_api"], cwd=CLONE, env=dict(variables), stderr=subprocess.PIPE, text=True
    )
    with child:
        try:
            yield child
        finally:
            child.kill()


def get(port: int, path: str) -> dict[str, object]:
    """The JSON at a path, once the process answers with 200."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                found: dict[str, object] = json.load(answer)
                return found
        except (URLError, ConnectionError):
            assert time.monotonic() < deadline, "not ready in time"


def test_it_becomes_ready_and_ends_on_sigterm(stack: Trial, database: str, tmp_path: Path) -> None:
    port = free_port()
    with process(environment(stack, database, tmp_path, port)) as child:
        assert get(port, "/readyz")["ready"] is True
        child.terminate()
        _, log = child.communicate(timeout=15)
        assert child.returncode == 0
        events = [json.loads(line)["event"] for line in log.splitlines()]
        assert events == ["auth_listening", "stop_requested"]


def test_processes_started_at_once_sign_with_one_key(stack: Trial, database: str, tmp_path: Path) -> None:
    ports = [free_port() for _ in range(2)]
    with ExitStack() as running:
        for port in ports:
            running.enter_context(process(environment(stack, database, tmp_path, port)))
        first, second = (get(port, "/auth/v1/jwks.json") for port in ports)
        assert first == second


def test_a_taken_port_is_told_with_its_setting(stack: Trial, database: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with process(environment(stack, database, tmp_path, port)) as child:
            _, said = child.communicate(timeout=15)
    assert child.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in said
    assert "set PLAYLOG_AUTH_PORT to another port" in said


def test_a_missing_setting_is_told(stack: Trial, database: str, tmp_path: Path) -> None:
    variables = environment(stack, database, tmp_path, 0)
    del variables["PLAYLOG_POSTGRES_URL"]
    with process(variables) as child:
        _, said = child.communicate(timeout=15)
    assert child.returncode == 2
    assert said.startswith("PLAYLOG_POSTGRES_URL is not set")
