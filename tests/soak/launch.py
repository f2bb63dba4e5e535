"""Starts a service that notes what it does, as the fault kit does: waiting as an understudy, or without timers.

    python -m tests.soak.launch --notes FILE [--wait | --silent] [--bug NAME] MODULE

Silent: matches that ended ten minutes ago are closed by a timer, so a long log would never come to rest.
"""

import argparse
import runpy
from typing import Any

from infra.stack import understudy
from tests.faults import bugs, noting


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--notes", required=True, metavar="FILE", help="where the service notes what it sends")
    parser.add_argument("--wait", action="store_true", help="load the service, then wait for a role")
    parser.add_argument("--silent", action="store_true", help="an engine whose timers never ring")
    parser.add_argument("--bug", choices=sorted(bugs.BUGS))
    parser.add_argument("module")
    options = parser.parse_args()
    if options.silent:
        silence_timers()
    if options.bug:
        bugs.install(options.bug, options.module)
    if options.wait:
        wait(options.notes, options.module)
    else:
        noting.install(options.notes, options.module)
        runpy.run_module(options.module, run_name="__main__", alter_sys=True)


def wait(notes: str, module: str) -> None:
    """The product's own understudy, which begins to note when it knows whom it plays."""
    take_on = understudy._take_on

    def take_on_and_note(given: Any) -> None:
        take_on(given)
        noting.install(notes, module)

    understudy._take_on = take_on_and_note
    understudy.main(module)


def silence_timers() -> None:
    """No deadline is ever due."""
    from engine_worker.timers import Timers

    setattr(Timers, "due", lambda *_: [])  # noqa: B010


if __name__ == "__main__":
    main()
