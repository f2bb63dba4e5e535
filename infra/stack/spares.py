"""Keeps one understudy ready for the programs that should come back in a moment."""

import time
from dataclasses import replace
from pathlib import Path

from infra.stack.child import Child, Program
from infra.stack.understudy import role

RETRY_SECONDS = 5.0  # after one could not be started
RENEW_SECONDS = 1.5  # the one that just took over needs the processor more; at 500 commands/s it is there in 0.5 s


class Spares:
    """At most one waiting process per kind of service; a program that has none waiting starts as usual.

    Tend to it from the main thread only, as with every child.
    """

    def __init__(self) -> None:
        self._programs: dict[tuple[str, ...], Program] = {}
        self._waiting: dict[tuple[str, ...], Child] = {}
        self._due: dict[tuple[str, ...], float] = {}

    def keep_for(self, program: Program) -> None:
        """From the next `tend` on, keep a process ready that can become this program, or one like it."""
        if program.understudy is not None:
            self._programs.setdefault(program.argv, program)
            self._due.setdefault(program.argv, 0.0)

    def tend(self) -> None:
        """Start what is due; whoever has died is replaced, not at once. Raises OSError, once for each try."""
        now = time.monotonic()
        for argv, child in [*self._waiting.items()]:
            if child.exit_code() is not None:
                child.close_input()
                del self._waiting[argv]
                self._due[argv] = now + RENEW_SECONDS
        for argv, due in [*self._due.items()]:
            if due <= now:
                self._due[argv] = now + RETRY_SECONDS
                self._waiting[argv] = Child(_waiter(self._programs[argv]))
                del self._due[argv]

    def start(self, program: Program) -> Child:
        """The program's process: who waited for it, or a new one."""
        child = self._waiting.pop(program.argv, None)
        if child is None:
            return Child(program)
        self._due[program.argv] = time.monotonic() + RENEW_SECONDS
        if child.exit_code() is None and child.hand_over(program, role(program.environment, program.log)):
            return child
        child.close_input()
        return Child(program)

    def stop(self) -> None:
        for child in self._waiting.values():
            child.kill()
            child.wait(5)
            child.close_input()
        self._waiting.clear()
        self._due.clear()


def _waiter(program: Program) -> Program:
    if program.understudy is None:
        raise ValueError(f"{program.name} has no understudy")
    log = Path(program.log).with_name(f"{program.service}-spare.log")
    return replace(program, name=f"{program.service}-spare", argv=program.understudy, log=log, input_open=True)
