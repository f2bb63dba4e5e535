"""A first start that is stopped, or waits for another one's download, says so and ends at once."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Timer
from types import SimpleNamespace
from typing import Any

import pytest

from infra.stack import bootstrap, jars
from infra.stack.errors import NotInTime, StackError, StopRequested
from infra.stack.files import alone
from infra.stack.settings import CLONE
from tests.infra.stack.processes import wait_for

HANGING_DOWNLOAD = """
import sys, time
from pathlib import Path
from infra.stack import jars

started = []
def hang(*_):
    started.append(True)
    time.sleep(600)

def stop(*_):
    if started:
        raise KeyboardInterrupt

jars._download = hang
cache = Path(sys.argv[1])
lock = cache / "kafka-0.lock"
lock.write_text("org.example:thing:1.0 sha256:00\\n")
jars.class_path(cache, stop, lock)
"""


def stop() -> None:
    raise StopRequested


def test_given_a_download_that_hangs_when_the_start_is_stopped_then_the_process_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HANGING_DOWNLOAD, str(tmp_path)]
    done = subprocess.run(command, cwd=CLONE, capture_output=True, text=True, timeout=30, check=False)
    assert "KeyboardInterrupt" in done.stderr


@pytest.mark.parametrize(("stopped", "tries"), [(False, jars.TRIES), (True, 1)])
def test_given_a_download_that_fails_when_the_start_was_stopped_then_it_is_not_tried_again(
    stopped: bool, tries: int
) -> None:
    asked, event = list[str](), Event()
    if stopped:
        event.set()

    def project(group: str, _artifact: str) -> Any:
        asked.append(group)
        return SimpleNamespace(at_version=lambda _: SimpleNamespace(artifact=lambda: None))  # has no `resolve`

    with pytest.raises(StackError, match="Check the network"):
        jars._download(SimpleNamespace(project=project), jars.Jar("g", "thing", "1", "00"), event)
    assert len(asked) == tries


def test_given_two_jars_of_which_one_cannot_be_had_when_they_are_fetched_then_that_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def download(_context: object, jar: jars.Jar, _stopped: Event) -> Path:
        if jar.artifact == "bad":
            raise StackError("Could not fetch bad-1.jar")
        (tmp_path / jar.artifact).write_bytes(b"")
        return tmp_path / jar.artifact

    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    monkeypatch.setattr(jars, "_download", download)
    lock = tmp_path / "kafka-0.lock"
    lock.write_text(f"g:bad:1 sha256:{empty}\ng:good:1 sha256:{empty}\n")
    with pytest.raises(StackError, match=r"bad-1\.jar"):
        jars.class_path(tmp_path, lambda *_: None, lock)
    lock.write_text(f"g:fine:1 sha256:{empty}\ng:good:1 sha256:{empty}\n")
    found = jars.class_path(tmp_path, lambda *_: None, lock)
    assert [path.name for path in found] == ["fine-1.jar", "good-1.jar"]
    assert not [*tmp_path.glob("maven*")]


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Path]:
    """A lock file with somebody inside."""
    with alone(tmp_path / "lock"):
        yield tmp_path / "lock"


def test_given_another_one_inside_when_it_waits_then_it_says_so_and_can_be_stopped(held: Path) -> None:
    said = list[str]()
    with pytest.raises(StopRequested), alone(held, stop, said.append):
        pass
    [sentence] = said
    assert str(held.parent) in sentence


def test_given_another_one_that_stays_inside_when_its_time_is_over_then_the_wait_ends(held: Path) -> None:
    with pytest.raises(NotInTime, match="start again"), alone(held, timeout=0.1):
        pass


def test_given_another_one_inside_when_it_leaves_then_the_next_one_enters(tmp_path: Path) -> None:
    other = alone(tmp_path / "lock")
    other.__enter__()
    Timer(0.1, other.__exit__, (None, None, None)).start()
    with alone(tmp_path / "lock", timeout=10):
        pass


def test_given_pip_at_work_when_ctrl_c_is_pressed_then_one_line_says_it_stopped(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib, time; from infra.stack import bootstrap\n"
        "def work(_): pathlib.Path(sys.argv.pop()).touch(); time.sleep(600)\n"
        "bootstrap.install = work; bootstrap.main()"
    )
    command = [sys.executable, "-c", code, "venv", str(tmp_path / "begun")]
    with subprocess.Popen(command, cwd=CLONE, stderr=subprocess.PIPE, text=True) as process:
        wait_for((tmp_path / "begun").exists)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=20)[1]
    assert process.returncode == 130
    assert len(said.splitlines()) == 1
    assert "Stopped" in said


def test_given_a_pip_that_fails_when_it_is_followed_then_no_packages_are_claimed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(bootstrap.Failure, match="Check the network"):
        bootstrap.follow([sys.executable, "-c", "raise SystemExit(1)"], "Collecting", 46)
    assert "46/46" not in capsys.readouterr().err
