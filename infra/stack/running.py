"""Runs chains of programs and conditions side by side, and never waits longer than agreed."""

import time
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import TypeAlias

from infra.stack.child import Child, Program, words
from infra.stack.errors import NotInTime, StackError
from infra.stack.files import tail

Tick: TypeAlias = Callable[[], None]
Condition: TypeAlias = Callable[[], bool]
Link: TypeAlias = Program | Condition


def pause() -> None:
    """The tick of those who have nothing else to look after."""
    time.sleep(0.01)


def run_all(chains: Iterable[Sequence[Link]], what: str, tick: Tick, timeout: float) -> None:
    """Walks along all chains at the same time: a program runs to its end, a condition is waited for.

    Raises StackError with the last log lines when a program fails, NotInTime, naming `what`, after `timeout`
    seconds; what still runs then is ended.
    """
    deadline = time.monotonic() + timeout
    walks = [_walk(chain) for chain in chains]
    try:
        while walks := [walk for walk in walks if next(walk, True) is None]:
            if time.monotonic() > deadline:
                raise NotInTime(f"{what}: not done within {timeout:.0f} s.")
            tick()
    finally:
        for walk in walks:
            walk.close()


def _walk(chain: Sequence[Link]) -> Generator[None]:
    """Yields whenever there is nothing to do but wait."""
    for link in chain:
        if isinstance(link, Program):
            yield from _run(link)
        else:
            while not link():
                yield


def _run(program: Program) -> Generator[None]:
    child = Child(program)
    try:
        while (code := child.exit_code()) is None:
            yield
    finally:
        child.stop()
    if code:
        raise StackError(f"{program.name} failed ({words(code)}).\n{last_words(program)}")


def wait_until(ready: Condition, what: str, tick: Tick, timeout: float) -> None:
    """Ticks until `ready()`; raises NotInTime, naming `what`, after `timeout` seconds."""
    run_all([[ready]], what, tick, timeout)


def last_words(program: Program) -> str:
    """The end of its log, and where the rest is."""
    return f"{tail(program.log)}\nThe whole log: {program.log}"
