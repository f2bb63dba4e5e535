"""Starts a service as its own `python -m` does, but with a crash point, a seeded bug or a wrong clock in it.

    python -m tests.faults.launch [--notes FILE] [--crash POINT[:TIMES]] [--bug NAME] [--clock S]
                                 [--silent] [--wait] MODULE

A normal build knows nothing of this: everything is patched from here, before the service's own start runs.
"""

import argparse
import runpy
import sys
import time
from collections.abc import Callable
from typing import Any

from infra.stack import understudy
from tests.faults import bugs, crashing, noting


def main() -> None:
    options = _parse(sys.argv[1:])
    if options.crash:
        crashing.install(options.crash)
    if options.bug:
        bugs.install(options.bug, options.module)
    if options.clock:
        shift_clocks(options.clock)
    if options.rules:
        raise_rules(options.rules)
    if options.silent:
        silence_timers()
    if options.wait:
        wait(options.notes, options.module)
        return
    if options.notes:
        noting.install(options.notes, options.module)
    runpy.run_module(options.module, run_name="__main__", alter_sys=True)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--notes", metavar="FILE", help="where the service notes what it sends and reads")
    parser.add_argument("--crash", metavar="POINT[:TIMES]", help="die by SIGKILL when the point is passed")
    parser.add_argument("--bug", choices=sorted(bugs.BUGS))
    parser.add_argument("--clock", type=float, default=0.0, metavar="SECONDS", help="the wall clock is so far off")
    parser.add_argument("--rules", type=int, default=0, metavar="N", help="judge by rules of this number")
    parser.add_argument("--silent", action="store_true", help="an engine whose timers never ring")
    parser.add_argument("--wait", action="store_true", help="load the service, then wait for a role")
    parser.add_argument("module")
    return parser.parse_args(arguments)


def wait(notes: str, module: str) -> None:
    """The product's own understudy, which begins to note when it knows whom it plays."""
    take_on = understudy._take_on

    def take_on_and_note(given: Any) -> None:
        take_on(given)
        noting.install(notes, module)

    understudy._take_on = take_on_and_note
    understudy.main(module)


def silence_timers() -> None:
    """No deadline is ever due. Matches that ended ten minutes ago are closed by a timer, so a long log would never
    come to rest."""
    from engine_worker.timers import Timers

    setattr(Timers, "due", lambda *_: [])  # noqa: B010


def shift_clocks(seconds: float) -> None:
    """The wall clock as this process sees it; what measures durations stays as it is."""
    from infra.clock import SystemClock

    real_ns, real = time.time_ns, time.time

    def now_ms(_self: SystemClock) -> int:
        return (real_ns() + int(seconds * 1e9)) // 1_000_000

    setattr(SystemClock, "now_ms", now_ms)  # noqa: B010
    shifted: Callable[[], float] = lambda: real() + seconds  # noqa: E731
    time.time = shifted


def raise_rules(number: int) -> None:
    """A build whose rules are newer, although they judge alike."""
    from engine_worker import restore
    from schemas import codec

    codec.JUDGE_VERSION = number
    restore.JUDGE_VERSION = number  # type: ignore[attr-defined]
    codec._OUTCOME_HEADERS[:] = [
        (name, b"%d" % number if name == "playlog-rules" else value) for name, value in codec._OUTCOME_HEADERS
    ]


if __name__ == "__main__":
    main()
