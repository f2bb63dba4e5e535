"""`playlog down`: stops the supervisor of this home, and everything it watches."""

import os
import signal
import time

import typer

from infra.stack import settings as stack_settings
from infra.stack.home import Home

POLITE_SECONDS = 45.0
NOT_RUNNING = 3


def down() -> None:
    """Stop what `up` started on this home."""
    home = Home(stack_settings.read().home)
    owner = home.owner()
    if owner is None:
        typer.echo(f"Playlog does not run on {home.path}.", err=True)
        raise typer.Exit(NOT_RUNNING)
    os.kill(owner, signal.SIGTERM)
    if not released(home, POLITE_SECONDS):
        os.kill(owner, signal.SIGKILL)  # the kernel then ends its children
        released(home, POLITE_SECONDS)
        typer.echo(f"It did not end within {POLITE_SECONDS:.0f} s and was killed.", err=True)
    typer.echo("Stopped.", err=True)


def released(home: Home, timeout: float) -> bool:
    """Whether the supervisor gave its home back in time."""
    deadline = time.monotonic() + timeout
    while home.owner() is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
