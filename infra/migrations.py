"""Brings one service's tables to their newest form with Alembic, safely when several starters try at once.

Alembic writes the SQL (its offline mode) and asyncpg runs it in one transaction: so no second driver is
needed, a failed migration leaves nothing behind, and a migration is plain DDL that reads no data.
"""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.postgres import connect

LOCK_SQL = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
VERSION_TABLE = "schema_version"
STATEMENT_MS = 600_000


@dataclass(frozen=True)
class Migrated:
    """What a run did: revisions before and after; equal when there was nothing to do."""

    schema: str
    before: str | None
    after: str | None


async def migrate(url: str, schema: str, scripts: Path) -> Migrated:
    """Upgrade PostgreSQL schema `schema` to the head of the Alembic folder `scripts` (with its `versions/`).

    1. lock, so that a second starter waits; 2. read the revision; 3. let Alembic write the SQL from there;
    4. run it, version row included, in the same transaction.
    """
    connection = await connect(url, f"migrate-{schema}", statement_ms=STATEMENT_MS, command_timeout=None)
    try:
        async with connection.transaction():
            await connection.execute(LOCK_SQL, f"playlog-migrate-{schema}")
            before = await _revision(connection, schema)
            sql, after = write_sql(schema, scripts, before)
            if sql:
                await connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
                await connection.execute(sql)
    finally:
        await connection.close()
    return Migrated(schema, before, after)


async def _revision(connection: Any, schema: str) -> str | None:
    table = f'"{schema}".{VERSION_TABLE}'
    if await connection.fetchval("SELECT to_regclass($1)", table) is None:
        return None
    revision: str | None = await connection.fetchval(f"SELECT version_num FROM {table}")  # noqa: S608
    return revision


def write_sql(schema: str, scripts: Path, before: str | None) -> tuple[str, str | None]:
    """The SQL from revision `before` (None: nothing there) to the head, and the head; '' when up to date."""
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(scripts))
    head = script.get_current_head()
    if head == before:
        return "", head
    buffer = io.StringIO()
    with EnvironmentContext(
        Config(), script, fn=lambda revision, _: script._upgrade_revs("head", revision), as_sql=True
    ) as env:
        env.configure(
            dialect_name="postgresql",
            starting_rev=before,
            output_buffer=buffer,
            literal_binds=True,
            version_table=VERSION_TABLE,
            version_table_schema=schema,
        )
        env.run_migrations()
    return buffer.getvalue(), head
