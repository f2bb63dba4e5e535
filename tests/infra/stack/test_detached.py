"""`playlog up --detach` tells the truth about the supervisor that it started, and about no other."""

import fcntl
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from infra.stack import local, settings
from infra.stack.errors import StopRequested
from infra.stack.home import Home
from infra.stack.services import python
from infra.stack.settings import CLONE
from tests.infra.stack.processes import wait_for

NOBODY = "127.0.0.1:1"
NAMED = {
    "PLAYLOG_KAFKA": NOBODY,
    "PLAYLOG_REDIS_URL": f"redis://{NOBODY}/0",
    "PLAYLOG_POSTGRES_URL": f"postgresql://u@{NOBODY}/d",
}
STORES = ("up", "--stores-only", "--detach")  # none of its own, where all are named: ready at once


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A home whose supervisor, if there is one, is ended."""
    home = Home(tmp_path / "home")
    home.make()
    yield home
    if owner := home.owner():
        os.kill(owner, signal.SIGTERM)
        wait_for(lambda: home.owner() is None)


def playlog(home: Home, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLAYLOG_")}
    return subprocess.Popen(
        [python(), "-m", "playlog", *arguments],
        env={**kept, "PLAYLOG_HOME": str(home.path), **variables},
        cwd=CLONE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(command: "subprocess.Popen[str]") -> tuple[int, str]:
    said = command.communicate(timeout=60)[1]
    return command.returncode, said


def test_given_a_killed_supervisors_state_when_the_start_fails_then_it_says_why(home: Home) -> None:
    home.write_state({"ready": True})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, said = ended(playlog(home, "up", "--detach", **NAMED, PLAYLOG_GATEWAY_PORT=port))
    assert code == 1
    assert "PLAYLOG_GATEWAY_PORT" in said


def test_given_a_killed_supervisors_state_when_it_starts_then_it_returns_when_the_new_one_is_ready(
    home: Home,
) -> None:
    home.write_state({"ready": True})
    code, said = ended(playlog(home, *STORES, **NAMED))
    assert code == 0, said
    assert home.owner() is not None
    assert home.read_state()["home"] == str(home.path)


def test_given_a_running_stack_when_it_is_started_again_then_it_is_refused_and_its_log_stays(home: Home) -> None:
    assert ended(playlog(home, *STORES, **NAMED))[0] == 0
    log = home.log("up").read_bytes()
    assert log
    code, said = ended(playlog(home, *STORES, **NAMED))
    assert code == 1
    assert "already runs" in said
    assert "`playlog down`" in said
    assert home.log("up").read_bytes() == log


def test_given_a_start_under_way_when_ctrl_c_is_pressed_then_its_supervisor_ends_too(
    home: Home, tmp_path: Path
) -> None:
    with (tmp_path / "fetch.lock").open("w") as other:  # the supervisor waits for another one's download
        fcntl.flock(other, fcntl.LOCK_EX)
        command = playlog(home, *STORES, PLAYLOG_CACHE=str(tmp_path))
        wait_for(lambda: home.owner() is not None)
        command.send_signal(signal.SIGINT)
        code, said = ended(command)
        assert code == 130
        assert "Stopped." in said
        assert home.owner() is None


def test_given_a_start_when_it_is_ready_then_it_says_so_before_its_state_does(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits for the state shows what was said until then."""
    states = []

    def ready(_address: str) -> None:
        states.append(home.read_state().get("ready", False))
        raise StopRequested

    monkeypatch.setattr(local, "take_turns", lambda: None)
    report = SimpleNamespace(
        step=lambda _: nullcontext(), progress=lambda *_: None, notice=lambda _: None, ready=ready
    )
    local.LocalStack(settings.read({**NAMED, "PLAYLOG_HOME": str(home.path)}), report, stores_only=True).run()
    assert states == [False]
