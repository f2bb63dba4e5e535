"""`playlog migrate`: brings every service's tables in PostgreSQL to their newest form; harmless to repeat."""

import asyncio
import sys
from importlib import import_module
from importlib.util import find_spec

from infra.migrations import Migrated
from infra.postgres import AWAY
from infra.settings import WithPostgres, load

SERVICES = ("auth_api", "history_sink")


def migrate() -> None:
    """Bring PostgreSQL's tables up to date, one line per service."""
    url = load(WithPostgres).postgres_url.get_secret_value()
    try:
        asyncio.run(_all(url))
    except AWAY as error:
        sys.stderr.write(f"PostgreSQL does not answer at PLAYLOG_POSTGRES_URL ({type(error).__name__}).\n")
        raise SystemExit(1) from None


async def _all(url: str) -> None:
    for service in SERVICES:
        if find_spec(f"{service}.store"):
            sys.stderr.write(_words(service, await import_module(f"{service}.store").migrate(url)) + "\n")


def _words(service: str, done: Migrated) -> str:
    if done.before == done.after:
        return f"{service}: tables are up to date ({done.after})"
    return f"{service}: tables brought from {done.before or 'nothing'} to {done.after}"
