"""Migrations: once, in order, all or nothing, also when two start at once."""

import asyncio
import secrets
from pathlib import Path

import asyncpg
import pytest

from infra.migrations import Migrated, migrate
from infra.stack.trial import Trial

pytestmark = pytest.mark.stack
SCRIPT = '''
"""A step."""
from alembic import op
revision = "{revision}"
down_revision = {before!r}
def upgrade(): op.execute("""{sql}""")
'''


def write(folder: Path, revision: str, before: str | None, sql: str) -> None:
    (folder / "versions").mkdir(exist_ok=True)
    (folder / "versions" / f"{revision}.py").write_text(SCRIPT.format(revision=revision, before=before, sql=sql))


@pytest.fixture
def schema() -> str:
    return f"trial_{secrets.token_hex(4)}"


async def fetch(stack: Trial, sql: str) -> list[object]:
    connection = await asyncpg.connect(stack.postgres_url)
    try:
        return [row[0] for row in await connection.fetch(sql)]
    finally:
        await connection.close()


async def test_steps_run_once_and_in_order(stack: Trial, schema: str, tmp_path: Path) -> None:
    write(tmp_path, "0001", None, f"CREATE TABLE {schema}.things (id int)")
    assert await migrate(stack.postgres_url, schema, tmp_path) == Migrated(schema, None, "0001")
    write(tmp_path, "0002", "0001", f"INSERT INTO {schema}.things VALUES (7)")
    assert await migrate(stack.postgres_url, schema, tmp_path) == Migrated(schema, "0001", "0002")
    assert await migrate(stack.postgres_url, schema, tmp_path) == Migrated(schema, "0002", "0002")
    assert await fetch(stack, f"SELECT id FROM {schema}.things") == [7]


async def test_starters_at_once_do_not_collide(stack: Trial, schema: str, tmp_path: Path) -> None:
    write(tmp_path, "0001", None, f"CREATE TABLE {schema}.things (id int)")
    runs = await asyncio.gather(*(migrate(stack.postgres_url, schema, tmp_path) for _ in range(4)))
    assert sorted(str(run.before) for run in runs) == ["0001", "0001", "0001", "None"]


async def test_a_failing_step_leaves_nothing_behind(stack: Trial, schema: str, tmp_path: Path) -> None:
    write(tmp_path, "0001", None, f"CREATE TABLE {schema}.things (id int)")
    write(tmp_path, "0002", "0001", "SELECT 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(stack.postgres_url, schema, tmp_path)
    assert await fetch(stack, f"SELECT 1 FROM pg_namespace WHERE nspname = '{schema}'") == []
