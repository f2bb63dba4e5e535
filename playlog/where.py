"""Where the running Playlog is: what the environment names, else the stack that runs on this home."""

import os
from typing import Any

import typer

from infra.settings import WithKafka, load
from infra.stack import settings as stack_settings
from infra.stack.home import Home


def kafka() -> WithKafka:
    """How to reach Kafka; says what to do and exits with 2 where nothing tells."""
    address = stack_settings.read().kafka or running().get("kafka", {}).get("address")
    if address:
        os.environ.setdefault("PLAYLOG_KAFKA", address)
    return load(WithKafka)


def gateway(url: str | None) -> str:
    """The gateway's address: the one given, else the running stack's; exits with 2 where there is none."""
    found = url or (running().get("gateway") or {}).get("url")
    if not found:
        home = stack_settings.read().home
        typer.echo(
            f"Playlog does not run on {home}: start it with `make up`, or name a gateway with --url.", err=True
        )
        raise typer.Exit(2)
    return str(found).rstrip("/")


def running() -> dict[str, Any]:
    """What the supervisor of this home wrote, where one runs."""
    home = Home(stack_settings.read().home)
    return home.read_state() if home.owner() is not None else {}
