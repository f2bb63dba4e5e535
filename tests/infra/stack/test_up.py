"""`playlog up` as people run it: one owner a home, no child survives, also as an ordinary user."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from infra.stack.jars import class_path
from infra.stack.services import python
from infra.stack.settings import CLONE, read
from tests.infra.stack.processes import alive, mentioning, wait_for

pytestmark = pytest.mark.stack
NOBODY = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--")


def environment(home: Path, **more: str) -> dict[str, str]:
    stores = {"PLAYLOG_KAFKA", "PLAYLOG_REDIS_URL", "PLAYLOG_POSTGRES_URL"}
    kept = {name: value for name, value in os.environ.items() if name not in stores}
    return {**kept, "PLAYLOG_HOME": str(home), **more}


def playlog(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [python(), "-m", "playlog", *arguments]
    return subprocess.run(
        command, env=environment(home), cwd=CLONE, capture_output=True, text=True, timeout=90, check=False
    )


def state(home: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((home / "run" / "state.json").read_text()))
    except FileNotFoundError:
        return {}


@contextmanager
def up(
    home: Path, command: tuple[str, ...] = (python(),), variables: Mapping[str, str] | None = None
) -> Iterator["subprocess.Popen[str]"]:
    """A supervisor of its own, ready; ended, if it still runs, by SIGTERM."""
    supervisor = subprocess.Popen(
        [*command, "-m", "playlog", "up", "--stores-only"],
        env=variables or environment(home),
        cwd=CLONE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(lambda: state(home).get("ready") or supervisor.poll() is not None, timeout=60)
        assert supervisor.poll() is None, supervisor.stderr and supervisor.stderr.read()
        yield supervisor
    finally:
        supervisor.terminate()
        supervisor.communicate(timeout=60)


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that other users can be let into, with a short path."""
    folder = Path(tempfile.mkdtemp(prefix="playlog-"))
    yield folder
    wait_for(lambda: not mentioning(str(folder)))
    shutil.rmtree(folder)


def test_the_stores_start_and_all_end_with_a_polite_stop(home: Path) -> None:
    with up(home) as supervisor:
        processes = state(home)["processes"]
        assert [process["service"] for process in processes] == ["kafka", "postgres", "redis"]
        assert playlog(home, "status").returncode == 0
        assert {os.sched_getscheduler(process["pid"]) for process in processes} == {os.SCHED_BATCH}
        supervisor.terminate()
        supervisor.communicate(timeout=60)
        assert supervisor.returncode == 0
    assert not any(alive(process["pid"]) for process in processes)
    assert playlog(home, "status").returncode == 3


def test_no_child_survives_a_killed_supervisor(home: Path) -> None:
    with up(home) as supervisor:
        pids = [process["pid"] for process in state(home)["processes"]]
        assert all(map(alive, pids))
        supervisor.kill()
        wait_for(lambda: not any(map(alive, pids)), timeout=15)
    assert playlog(home, "status").returncode == 3


def test_a_killed_store_comes_back_on_its_port(home: Path) -> None:
    with up(home) as supervisor:
        before = {process["name"]: process for process in state(home)["processes"]}
        os.kill(before["redis"]["pid"], signal.SIGKILL)
        wait_for(lambda: {p["name"]: p["restarts"] for p in state(home)["processes"]}["redis"] == 1)
        after = {process["name"]: process for process in state(home)["processes"]}
        assert after["redis"]["pid"] != before["redis"]["pid"]
        assert after["redis"]["port"] == before["redis"]["port"]
        assert after["kafka"]["pid"] == before["kafka"]["pid"]
        assert supervisor.poll() is None


def test_a_second_start_on_the_same_home_is_refused(home: Path) -> None:
    with up(home) as supervisor:
        second = playlog(home, "up", "--stores-only")
        assert second.returncode == 1
        assert f"Playlog already runs on {home} (process {supervisor.pid})" in second.stderr
        assert "PLAYLOG_HOME" in second.stderr


def test_detached_it_returns_when_ready_and_down_ends_it(home: Path) -> None:
    assert playlog(home, "up", "--stores-only", "--detach").returncode == 0
    status = json.loads(playlog(home, "status", "--json").stdout)
    assert status["kafka"]["address"].startswith("127.0.0.1:")
    assert {process["state"] for process in status["processes"]} == {"running"}
    assert playlog(home, "down").returncode == 0
    assert playlog(home, "down").returncode == 3


def test_what_the_environment_names_is_used_and_not_started(home: Path) -> None:
    variables = environment(home, PLAYLOG_KAFKA="127.0.0.1:1", PLAYLOG_REDIS_URL="redis://127.0.0.1:2/0")
    with up(home, variables=variables):
        found = state(home)
        assert [process["service"] for process in found["processes"]] == ["postgres"]
        assert found["kafka"]["address"] == "127.0.0.1:1"


@pytest.mark.skipif(os.geteuid() != 0, reason="everything here already runs as an ordinary user")
def test_it_works_as_an_ordinary_user(home: Path) -> None:
    packages = next(entry for entry in sys.path if entry.endswith("site-packages"))
    variables = environment(
        home,
        PLAYLOG_CACHE=str(home / "cache"),
        PYTHONPATH=f"{CLONE}:{packages}",
        HOME=str(home),
        PYTHONDONTWRITEBYTECODE="1",
    )
    interpreter = reachable_python(variables)
    shutil.copytree(
        class_path(read().cache, lambda *_: None)[0].parent, copied_cache(home), copy_function=shutil.copy2
    )
    give_to_nobody(home)
    with up(home, (*NOBODY, interpreter), variables):
        for process in state(home)["processes"]:
            assert Path(f"/proc/{process['pid']}").stat().st_uid == home.stat().st_uid != 0


def reachable_python(variables: Mapping[str, str]) -> str:
    """An interpreter of this version that `nobody` may run with this environment's packages."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (python(), f"/usr/bin/{version}"):
        command = [*NOBODY, candidate, "-c", "import typer, infra.stack.local"]
        if (
            subprocess.run(
                command, env=variables, cwd="/", capture_output=True, timeout=30, check=False
            ).returncode
            == 0
        ):
            return candidate
    pytest.skip("an ordinary user cannot reach this clone, or no interpreter for it")


def copied_cache(home: Path) -> Path:
    return home / "cache" / class_path(read().cache, lambda *_: None)[0].parent.name


def give_to_nobody(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, "nobody", "nogroup")
