"""Understudies: who died comes back as the process that waited for it, with its own environment and log."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.stack.child import Program
from infra.stack.supervisor import Supervisor
from tests.infra.stack.processes import alive, wait_for

ACTOR = """
import os, signal, sys
def main():
    print("I am", os.environ["NAME"], "in", os.getpid(), flush=True)
    signal.pause()
if __name__ == "__main__":
    main()
"""
UNDERSTUDY = ("-m", "infra.stack.understudy", "actor")
CLONE = Path(__file__).parents[3]


@pytest.fixture
def actor(tmp_path: Path) -> Program:
    """A service that says in its log who it is."""
    (tmp_path / "actor").mkdir()
    (tmp_path / "actor" / "__main__.py").write_text(ACTOR)
    environment = {**os.environ, "NAME": "one", "PYTHONPATH": f"{tmp_path}:{CLONE}"}
    argv, waiting = (sys.executable, "-m", "actor"), (sys.executable, *UNDERSTUDY)
    return Program("one", "actor", argv, tmp_path / "one.log", environment, folder=CLONE, understudy=waiting)


@contextmanager
def kept(program: Program) -> Iterator[Supervisor]:
    keeper = Supervisor(lambda _: None, lambda: None)
    with keeper.listening():
        try:
            keeper.start([program])
            keeper.keep_spares()
            keeper.tick()
            yield keeper
        finally:
            keeper.stop()


def understudies(program: Program) -> list[int]:
    """Processes of this user that wait with this program's environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().split(b"\0")
            mine = str(program.log.parent).encode() in (folder / "environ").read_bytes()
        except OSError:
            continue
        if mine and b"infra.stack.understudy" in line and b"setpriv" not in line[0]:
            found.append(int(folder.name))
    return found


def said(program: Program) -> list[str]:
    return program.log.read_text().splitlines() if program.log.exists() else []


def looked_after(keeper: Supervisor, program: Program) -> int:
    """How often the program has begun, after its keeper had time to see to it."""
    keeper.tick()
    return len(said(program))


def test_who_is_killed_comes_back_as_its_understudy(actor: Program) -> None:
    with kept(actor) as keeper:
        wait_for(lambda: len(said(actor)) == 1 and len(understudies(actor)) == 1)
        [waiting], [watched] = understudies(actor), keeper.everybody()
        os.kill(watched.child.pid, signal.SIGKILL)
        wait_for(lambda: looked_after(keeper, actor) == 2)
        assert watched.child.pid == waiting
        assert said(actor)[1] == f"I am one in {waiting}"
        assert watched.program is watched.child.program


def test_without_a_living_understudy_a_new_process_is_started(actor: Program) -> None:
    with kept(actor) as keeper:
        wait_for(lambda: len(said(actor)) == 1 and len(understudies(actor)) == 1)
        [waiting], [watched] = understudies(actor), keeper.everybody()
        os.kill(waiting, signal.SIGKILL)
        wait_for(lambda: not understudies(actor))
        os.kill(watched.child.pid, signal.SIGKILL)
        wait_for(lambda: looked_after(keeper, actor) == 2)
        assert watched.child.pid != waiting


def test_an_understudy_ends_with_its_keeper(actor: Program) -> None:
    with kept(actor):
        wait_for(lambda: len(understudies(actor)) == 1)
        [waiting] = understudies(actor)
    wait_for(lambda: not alive(waiting))


def test_a_program_without_an_understudy_has_none(tmp_path: Path) -> None:
    sleeper = Program("one", "actor", ("sleep", "60"), tmp_path / "one.log", {**os.environ, "AT": str(tmp_path)})
    with kept(sleeper) as keeper:
        keeper.tick()
        assert understudies(sleeper) == []
