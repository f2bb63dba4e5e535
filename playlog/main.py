"""The table of commands; each one's module is imported only when it is called, so that `--help` stays quick."""

import runpy
from collections.abc import Callable
from importlib import import_module
from inspect import getdoc
from typing import NamedTuple

import typer


class Line(NamedTuple):
    """A command: the function that does it, and what it does, in words."""

    function: str  # module:function
    help: str


START, USE, OPERATE = "Start and stop", "Play and look", "For operators"

COMMANDS: dict[str, dict[str, Line]] = {
    START: {
        "up": Line("playlog.commands.up:up", "Start everything on this machine and watch over it."),
        "down": Line("playlog.commands.down:down", "Stop what `up` started."),
        "status": Line("playlog.commands.status:status", "Show processes, addresses, versions and lag."),
    },
    USE: {
        "demo": Line("playlog.commands.demo:demo", "Let two scripted guests play, and print how fast it was."),
        "replay": Line("playlog.commands.replay:replay", "Print accepted outcomes as NDJSON."),
        "verify": Line("playlog.commands.verify:verify", "Judge the log again and compare every outcome."),
    },
    OPERATE: {
        "topics apply": Line("playlog.commands.topics:apply", "Create the topics and check their settings."),
        "migrate": Line("playlog.commands.migrate:migrate", "Bring PostgreSQL's tables up to date."),
        "gateway": Line("gateway_api", "Run one gateway: REST and SSE."),
        "auth": Line("auth_api", "Run the identity service."),
        "engine": Line("engine_worker", "Run one engine worker: commands to outcomes."),
        "session": Line("session_worker", "Run one session worker: outcomes to Redis."),
        "history": Line("history_sink", "Run one history sink: outcomes to PostgreSQL."),
    },
}

GROUPS = {"topics": "Kafka's topics."}

# The wrapper takes everything as it comes; the real command parses it, `--help` included.
UNPARSED = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": list[str]()}


def call(line: Line, name: str, arguments: list[str]) -> None:
    """Imports the command and runs it with `arguments`; a service's name runs its `__main__`."""
    app = _group(line.help, no_args_is_help=False)
    function = _load(line)
    app.command(name, help=getdoc(function) or line.help)(function)
    typer.main.get_command(app).main(args=arguments, prog_name=f"playlog {name}")


def _load(line: Line) -> Callable[..., None]:
    module, _, function = line.function.partition(":")

    def run() -> None:
        runpy.run_module(module, run_name="__main__", alter_sys=True)

    return getattr(import_module(module), function) if function else run


def build() -> typer.Typer:
    """The application, with a wrapper for each command of the table."""
    app = _group("Playlog: turn games on one log.")
    groups = {name: _group(text) for name, text in GROUPS.items()}
    for panel, lines in COMMANDS.items():
        for name, line in lines.items():
            group, _, verb = name.rpartition(" ")
            parent = groups[group] if group else app
            parent.command(
                verb, help=line.help, rich_help_panel=None if group else panel, context_settings=UNPARSED
            )(_wrapper(line, name))
    for name, group_app in groups.items():
        app.add_typer(group_app, name=name, rich_help_panel=OPERATE)
    return app


def _group(text: str, no_args_is_help: bool = True) -> typer.Typer:
    return typer.Typer(
        help=text, no_args_is_help=no_args_is_help, add_completion=False, pretty_exceptions_enable=False
    )


def _wrapper(line: Line, name: str) -> Callable[[typer.Context], None]:
    def run(context: typer.Context) -> None:
        call(line, name, context.args)

    return run


def main() -> None:
    """The console script."""
    build()()
