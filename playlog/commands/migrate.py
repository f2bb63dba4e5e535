"""`playlog migrate`: brings every service's tables in PostgreSQL to their newest form; harmless to repeat."""

import asyncio
import sys
from importlib import import_module
from importlib.util import find_spec

import asyncpg

from infra.migrations import Migrated
from infra.postgres import AWAY
from infra.settings import WithPostgres, load

SERVICES = ("auth_api", "history_sink")
AWAY_CODE, MISUSED = 1, 2
URL = "PLAYLOG_POSTGRES_URL"
# What PostgreSQL, or its client, has against our address of it; the first that fits.
WRONG: dict[type[Exception], str] = {
    asyncpg.ClientConfigurationError: f"{URL} is no address: write postgresql://user:password@host:port/database.",
    asyncpg.InvalidCatalogNameError: f"There is no database of the name in {URL}: create it, or name another one.",
    asyncpg.InvalidAuthorizationSpecificationError: (
        f"PostgreSQL refuses the user or the password in {URL}: set the right ones."
    ),
    asyncpg.InsufficientPrivilegeError: f"The user in {URL} may not make these tables: name their owner.",
}


def migrate() -> None:
    """Bring PostgreSQL's tables up to date, one line per service."""
    url = load(WithPostgres).postgres_url.get_secret_value()
    try:
        asyncio.run(_all(url))
    except tuple(WRONG) as error:
        sys.stderr.write(next(words for kind, words in WRONG.items() if isinstance(error, kind)) + "\n")
        raise SystemExit(MISUSED) from None
    except AWAY as error:
        name = type(error).__name__
        sys.stderr.write(f"PostgreSQL does not answer at {URL} ({name}): start it, or set {URL} to where it is.\n")
        raise SystemExit(AWAY_CODE) from None


async def _all(url: str) -> None:
    for service in SERVICES:
        if find_spec(f"{service}.store"):
            sys.stderr.write(_words(service, await import_module(f"{service}.store").migrate(url)) + "\n")


def _words(service: str, done: Migrated) -> str:
    if done.before == done.after:
        return f"{service}: tables are up to date ({done.after})"
    return f"{service}: tables brought from {done.before or 'nothing'} to {done.after}"
