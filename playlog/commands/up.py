"""`playlog up`: starts everything, prints the address, and watches until Ctrl-C."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from infra.stack import settings as stack_settings
from infra.stack.errors import StackError
from infra.stack.home import Home
from infra.stack.local import LocalStack
from infra.stack.services import python

DETACHED_SECONDS = 600.0  # a first start on a slow network
END_SECONDS = 30.0


class TerminalReport:
    """Tells the start on a terminal: a line when a step begins, its seconds when it ends."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._begun = time.monotonic()
        self._fraction = ""

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        begun, self._fraction = time.monotonic(), ""
        with self._console.status(what) as self._status:
            self._what = what
            yield
        seconds = time.monotonic() - begun
        self._console.print(f"[green]✓[/] {what:<30}[dim]{self._fraction:>8}{seconds:6.1f} s[/]", highlight=False)

    def progress(self, done: int, whole: int) -> None:
        self._fraction = f"{done}/{whole}"
        self._status.update(f"{self._what} {self._fraction}")

    def notice(self, text: str) -> None:
        self._console.print(
            f"[yellow]![/] [dim]{time.strftime('%H:%M:%S')}[/] {escape(text)}", highlight=False, soft_wrap=True
        )

    def ready(self, address: str) -> None:
        seconds = time.monotonic() - self._begun
        where = f"[bold]{address}[/]" if address else "The stores are up: [bold]playlog status[/]"
        self._console.print(Panel.fit(where, padding=(1, 6), border_style="green"), highlight=False)
        ending = "Ctrl-C or `playlog down` stops everything."
        self._console.print(f"[dim]Ready after {seconds:.1f} s. {ending}[/]", highlight=False)


def up(
    detach: Annotated[bool, typer.Option(help="Return when it is ready; `playlog down` stops it.")] = False,
    stores_only: Annotated[bool, typer.Option(help="Start Kafka, PostgreSQL and Valkey, no service.")] = False,
) -> None:
    """Start everything on this machine and watch over it."""
    console = Console(stderr=True)
    try:
        settings = stack_settings.read()
        if detach:
            run_detached(Home(settings.home), stores_only)
        else:
            LocalStack(settings, TerminalReport(console), stores_only).run()
    except StackError as error:
        console.print("[red]✗[/]", escape(str(error)), highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error


def run_detached(home: Home, stores_only: bool) -> None:
    """Starts a supervisor of its own session and shows what it says until it is ready; Ctrl-C ends it."""
    home.refuse_owned()  # before its log is emptied
    home.make()
    log = home.log("up")
    arguments = [python(), "-m", "playlog", "up", *(["--stores-only"] if stores_only else [])]
    with log.open("wb") as output:
        supervisor = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        follow(log, supervisor, home)
    except KeyboardInterrupt:
        end(supervisor)
        raise typer.Exit(130) from None
    if supervisor.poll() is not None:
        raise typer.Exit(1)


def follow(log: Path, supervisor: "subprocess.Popen[bytes]", home: Home) -> None:
    """Copies the supervisor's words to this terminal until it is ready or has ended."""
    deadline = time.monotonic() + DETACHED_SECONDS
    with log.open() as lines:
        while supervisor.poll() is None and not is_up(home, supervisor.pid):
            if time.monotonic() > deadline:
                end(supervisor)
                raise StackError(f"Not ready after {DETACHED_SECONDS:.0f} s. The log: {log}")
            sys.stderr.write(lines.read())
            time.sleep(0.05)
        sys.stderr.write(lines.read())


def is_up(home: Home, supervisor: int) -> bool:
    """Whether it is ready, by its own words: an earlier one, killed, may have left some."""
    return bool(home.read_state().get("ready")) and home.owner() == supervisor


def end(supervisor: "subprocess.Popen[bytes]") -> None:
    """Ends what was started here, and says so."""
    supervisor.terminate()
    try:
        supervisor.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        sys.stderr.write("It still ends: `playlog down` waits for it.\n")
    else:
        sys.stderr.write("Stopped.\n")
