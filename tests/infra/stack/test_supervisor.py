"""The supervisor on small programs of the system: restarts, back-off, order of the end."""

import errno
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from infra.stack import child as children
from infra.stack import spares
from infra.stack import supervisor as supervisors
from infra.stack.child import Child, Program, rotate
from infra.stack.errors import StackError, StopRequested
from infra.stack.running import pause, run_all
from infra.stack.supervisor import LONGEST_DELAY, Supervisor, restart_delay
from tests.infra.stack.processes import alive, wait_for

SCRIPT_END = (
    "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: (print('{name}', flush=True), sys.exit(0)))"
)


def program(folder: Path, name: str, *argv: str) -> Program:
    return Program(name, name, argv or ("sleep", "600"), folder / f"{name}.log", {**os.environ})


@contextmanager
def supervisor() -> Iterator[tuple[Supervisor, list[str]]]:
    said: list[str] = []
    keeper = Supervisor(said.append, lambda: None)
    with keeper.listening():
        try:
            yield keeper, said
        finally:
            keeper.stop()


def test_a_killed_child_is_started_again_within_a_fifth_of_a_second(tmp_path: Path) -> None:
    with supervisor() as (keeper, said):
        keeper.start([program(tmp_path, "worker")])
        [watched] = keeper.everybody()
        first, killed = watched.child.pid, time.monotonic()
        os.kill(first, signal.SIGKILL)
        while watched.child.pid == first:
            keeper.tick(timeout=1.0)
        assert time.monotonic() - killed < 0.2
        assert watched.restarts == 1
        assert "worker ended (killed by SIGKILL); started again" in said[0]


def test_what_keeps_dying_is_tried_again_ever_more_slowly_and_never_given_up() -> None:
    delays = [restart_delay(failures) for failures in range(1, 40)]
    assert delays[:4] == [0.0, 0.1, 0.2, 0.4]
    assert delays == sorted(delays)
    assert delays[-1] == LONGEST_DELAY


def test_during_the_start_what_keeps_dying_ends_it_with_its_last_words(tmp_path: Path) -> None:
    with supervisor() as (keeper, _):
        keeper.start([program(tmp_path, "broken", "sh", "-c", "echo no disk; exit 3")])
        with pytest.raises(StackError, match=r"broken keeps ending(.|\n)*no disk"):  # noqa: PT012
            for _ in range(1000):
                keeper.tick(timeout=0.05)
                keeper.refuse_dying()


def test_tiers_end_in_reverse_order(tmp_path: Path) -> None:
    with supervisor() as (keeper, _):
        for name in ("store", "service", "door"):
            code = f"{SCRIPT_END.format(name=name)}; print('up', flush=True); signal.pause()"
            one = Program(name, name, (sys.executable, "-c", code), tmp_path / "common.log", {**os.environ})
            keeper.start([one])
        wait_for(lambda: (tmp_path / "common.log").read_text().count("up") == 3)
    assert (tmp_path / "common.log").read_text().split()[3:] == ["door", "service", "store"]


def test_a_stop_signal_ends_the_watch(tmp_path: Path) -> None:
    with supervisor() as (keeper, _):
        keeper.start([program(tmp_path, "worker")])
        pid = keeper.everybody()[0].child.pid
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()
        with pytest.raises(StopRequested):
            keeper.run()
    assert not alive(pid)


def test_who_ignores_the_polite_signal_is_killed(tmp_path: Path) -> None:
    deaf = ("sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done")
    child = Child(Program("deaf", "deaf", deaf, tmp_path / "deaf.log", {**os.environ}, stop_seconds=0.2))
    wait_for(lambda: "up" in (tmp_path / "deaf.log").read_text())
    child.stop()
    assert child.exit_code() == -signal.SIGKILL


def test_a_failing_preparation_ends_the_start_with_its_log(tmp_path: Path) -> None:
    failing = program(tmp_path, "format", "sh", "-c", "echo bad flag; exit 2")
    with pytest.raises(StackError, match=r"format failed \(exit code 2\)(.|\n)*bad flag"):
        run_all([[failing]], "test", pause, timeout=10)


def test_chains_run_side_by_side_and_each_in_order(tmp_path: Path) -> None:
    chains = [[program(tmp_path, "log", "sh", "-c", f"echo {n}") for n in (1, 2, 3)], []]
    run_all(chains, "test", pause, timeout=10)
    assert (tmp_path / "log.log").read_text().split() == ["1", "2", "3"]


def test_a_log_that_grew_is_moved_aside_while_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"x" * 100)
        rotate(log, limit=50)
        writer.write(b"new")
    assert log.read_bytes() == b"new"
    assert (tmp_path / "worker.log.1").read_bytes() == b"x" * 100


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def die(keeper: Supervisor) -> None:
    """The first one is killed; returns when it runs again."""
    watched = keeper.everybody()[0]
    first = watched.child.pid
    os.kill(first, signal.SIGKILL)

    def again() -> bool:
        keeper.tick()
        return watched.child.pid != first

    wait_for(again)


def test_where_the_state_cannot_be_written_all_goes_on_and_it_is_written_later(tmp_path: Path) -> None:
    said: list[str] = []
    noted: list[int] = []
    disk: list[Callable[[], None]] = [lambda: None]

    def changed() -> None:
        disk[0]()
        noted.append(1)

    keeper = Supervisor(said.append, changed)
    with keeper.listening():
        try:
            keeper.start([program(tmp_path, "worker")])
            disk[0] = full
            die(keeper)
            keeper.tick()
            assert noted == [1]
            assert [words for words in said if "No space" in words] == [
                "The state cannot be written ([Errno 28] No space left on device); trying again."
            ]
            disk[0] = lambda: None
            keeper.tick()
            assert noted == [1, 1]
        finally:
            keeper.stop()


def test_where_logs_cannot_be_moved_aside_all_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with supervisor() as (keeper, said):
        keeper.start([program(tmp_path, "worker")])
        monkeypatch.setattr(supervisors, "ROTATE_SECONDS", -1.0)
        monkeypatch.setattr(supervisors, "rotate", full)
        monkeypatch.setattr(children, "rotate", full)
        die(keeper)
        assert any("A log cannot be moved aside" in words for words in said)


def test_where_no_understudy_can_be_started_all_goes_on_and_it_is_tried_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with supervisor() as (keeper, said):
        keeper.start([replace(program(tmp_path, "worker"), understudy=("cat",))])
        keeper.keep_spares()
        monkeypatch.setattr(spares, "Child", full)
        keeper.tick()
        keeper.tick()
        assert [words for words in said if "understudy" in words] == [
            "An understudy cannot be started ([Errno 28] No space left on device); trying again."
        ]
        monkeypatch.undo()
        die(keeper)
