"""Runs preparations to their end and waits for answers, never longer than agreed."""

import time
from collections.abc import Callable, Iterable, Sequence

from infra.stack.child import Child, Program, words
from infra.stack.errors import StackError
from infra.stack.files import tail

Tick = Callable[[], None]


def pause() -> None:
    """The tick of those who have nothing else to look after."""
    time.sleep(0.01)


def run_all(chains: Iterable[Sequence[Program]], tick: Tick, timeout: float) -> None:
    """Runs each chain's programs one after another, the chains side by side.

    Raises StackError with the last log lines when one fails or does not end in `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    waiting = [list(chain) for chain in chains if chain]
    active = [(Child(chain.pop(0)), chain) for chain in waiting]
    try:
        while active:
            active = [step for child, rest in active for step in _advance(child, rest)]
            if time.monotonic() > deadline:
                raise StackError(f"{active[0][0].program.name} did not end within {timeout:.0f} s.")
            tick()
    finally:
        for child, _ in active:
            child.stop()


def _advance(child: Child, rest: list[Program]) -> list[tuple[Child, list[Program]]]:
    code = child.exit_code()
    if code is None:
        return [(child, rest)]
    if code:
        raise StackError(f"{child.program.name} failed ({words(code)}).\n{last_words(child.program)}")
    return [(Child(rest[0]), rest[1:])] if rest else []


def wait_until(ready: Callable[[], bool], what: str, tick: Tick, timeout: float) -> None:
    """Ticks until `ready()`; raises StackError, naming `what`, after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not ready():
        if time.monotonic() > deadline:
            raise StackError(f"{what} did not answer within {timeout:.0f} s.")
        tick()


def last_words(program: Program) -> str:
    """The end of its log, and where the rest is."""
    return f"{tail(program.log)}\nThe whole log: {program.log}"
