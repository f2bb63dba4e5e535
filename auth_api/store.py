"""Players and sessions in PostgreSQL, schema `auth`; the only place with SQL."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from infra.metrics import STORE_AWAY
from infra.migrations import Migrated
from infra.migrations import migrate as run_migrations
from infra.postgres import AWAY

SCHEMA = "auth"
SCRIPTS = Path(__file__).parent / "migrations"
ACQUIRE_SECONDS = 3.0
SWEEP_ROWS = 1000

NEW_GUEST = """
WITH player AS (INSERT INTO auth.players (id, name, kind) VALUES ($1, $2, 'guest') RETURNING id),
session AS (
    INSERT INTO auth.sessions (id, player, client, expires_at)
    SELECT $3, id, $4, now() + make_interval(secs => $6) FROM player RETURNING id
)
INSERT INTO auth.refresh_tokens (hash, session, expires_at)
SELECT $5, id, now() + make_interval(secs => least($7::float8, $6::float8)) FROM session
"""
# One statement: of parallel uses of a token the row lock lets one see `used_at IS NULL`.
ROTATE = """
WITH used AS (
    UPDATE auth.refresh_tokens t SET used_at = now() FROM auth.sessions s
    WHERE t.hash = $1 AND t.used_at IS NULL AND t.expires_at > now()
      AND s.id = t.session AND s.ended_at IS NULL AND s.expires_at > now()
    RETURNING t.session, s.player, s.client, s.expires_at
), seen AS (
    UPDATE auth.players p SET seen_at = now() FROM used WHERE p.id = used.player RETURNING p.id, p.name
), successor AS (
    INSERT INTO auth.refresh_tokens (hash, session, expires_at)
    SELECT $2, session, least(now() + make_interval(secs => $3), expires_at) FROM used
)
SELECT seen.id, seen.name, used.client, used.session FROM used JOIN seen ON seen.id = used.player
"""
END_IF_REUSED = """
UPDATE auth.sessions SET ended_at = now(), ended_by = 'reuse'
WHERE ended_at IS NULL AND id = (SELECT session FROM auth.refresh_tokens WHERE hash = $1 AND used_at IS NOT NULL)
RETURNING id, ended_at
"""
LOGOUT = """
UPDATE auth.sessions SET ended_at = now(), ended_by = 'logout'
WHERE ended_at IS NULL AND id = (SELECT session FROM auth.refresh_tokens WHERE hash = $1)
RETURNING id, ended_at
"""
ENDED = "SELECT id, ended_at FROM auth.sessions WHERE ended_at > now() - make_interval(secs => $1)"
PLAYER = """
SELECT p.id, p.name FROM auth.players p JOIN auth.sessions s ON s.player = p.id
WHERE p.id = $1 AND s.id = $2 AND s.ended_at IS NULL
"""
SWEEP = """
DELETE FROM auth.sessions WHERE id IN (
    SELECT id FROM auth.sessions WHERE least(expires_at, ended_at) < now() - interval '1 day' LIMIT $1
)
"""
NAMES = """
SELECT id, name FROM auth.players WHERE id > $1 AND seen_at > now() - make_interval(secs => $3)
ORDER BY id LIMIT $2
"""


Ends: TypeAlias = dict[UUID, datetime]  # sessions, and when each ended


@dataclass(frozen=True)
class Player:
    id: UUID
    name: str


@dataclass(frozen=True)
class Rotated:
    """Whose session goes on, and which client holds it."""

    player: Player
    client: str
    session: UUID


# Away, or in a state that passes: a full disk, a standby that was not promoted yet.
PASSING: tuple[type[Exception], ...] = (
    *AWAY,
    asyncpg.UndefinedTableError,
    asyncpg.InvalidSchemaNameError,
    asyncpg.DeadlockDetectedError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.ReadOnlySQLTransactionError,
)


class StoreAway(Exception):
    """PostgreSQL cannot be reached, has no tables yet or takes nothing now.

    A statement that was under way may have been carried out all the same.
    """


class Store:
    """All statements over one pool; each raises StoreAway when PostgreSQL is away."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def add_guest(
        self, player: Player, session: UUID, client: str, token: bytes, *, absolute: float, idle: float
    ) -> None:
        """A player with a session and the hash of its first refresh token; lives in seconds."""
        async with self._connection() as db:
            await db.execute(NEW_GUEST, player.id, player.name, session, client, token, absolute, idle)

    async def rotate(self, token: bytes, successor: bytes, idle: float) -> Rotated | None:
        """Exchange a refresh token's hash for its successor's; None when it is unknown, used, expired or ended."""
        async with self._connection() as db:
            row = await db.fetchrow(ROTATE, token, successor, idle)
        return None if row is None else Rotated(Player(row["id"], row["name"]), row["client"], row["session"])

    async def end_if_reused(self, token: bytes) -> Ends:
        """End the session of a token that was already used (RFC 9700 section 4.14.2), if it is alive."""
        return await self._ends(END_IF_REUSED, token)

    async def logout(self, token: bytes) -> Ends:
        """End the session that a refresh token belongs to, if it is alive."""
        return await self._ends(LOGOUT, token)

    async def ended_within(self, seconds: float) -> Ends:
        """Sessions that were ended in the last so many seconds."""
        return await self._ends(ENDED, seconds)

    async def _ends(self, statement: str, argument: bytes | float) -> Ends:
        async with self._connection() as db:
            rows = await db.fetch(statement, argument)
        return {row["id"]: row["ended_at"] for row in rows}

    async def player(self, player: UUID, session: UUID) -> Player | None:
        """The player, while this session of theirs goes on."""
        async with self._connection() as db:
            row = await db.fetchrow(PLAYER, player, session)
        return None if row is None else Player(row["id"], row["name"])

    async def players(self, page: int, seconds: float) -> AsyncIterator[list[Player]]:
        """Players seen in the last so many seconds, in pages."""
        after = UUID(int=0)
        while True:
            async with self._connection() as db:
                rows = await db.fetch(NAMES, after, page, seconds)
            if not rows:
                return
            after = rows[-1]["id"]
            yield [Player(row["id"], row["name"]) for row in rows]

    async def sweep(self) -> int:
        """Delete sessions that ended over a day ago, a bounded number; how many went."""
        async with self._connection() as db:
            status: str = await db.execute(SWEEP, SWEEP_ROWS)
        return int(status.rpartition(" ")[2])

    async def ping(self) -> None:
        """Whether PostgreSQL answers and has our tables."""
        async with self._connection() as db:
            await db.fetchval("SELECT count(*) FROM auth.players WHERE false")

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        try:
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                yield connection
        except PASSING as error:
            STORE_AWAY.labels("postgres").inc()
            raise StoreAway(type(error).__name__) from error


async def migrate(postgres_url: str) -> Migrated:
    """Bring the tables of auth_api to their newest form."""
    return await run_migrations(postgres_url, SCHEMA, SCRIPTS)
