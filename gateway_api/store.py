"""What the gateway reads from PostgreSQL: matches that Redis no longer has, histories, lists, names."""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import asyncpg

from infra.metrics import STORE_AWAY
from infra.postgres import AWAY
from schemas import tables
from schemas.codec import rfc3339

PATIENCE = 3.0
MOST_EVENTS = 20_000
NOT_MADE_YET = (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError)

VIEW = f"SELECT version, view FROM {tables.MATCHES} WHERE id = $1"  # noqa: S608
ROW = f"""
SELECT m.id, m.game, m.status, m.version, m.winner, m.ended_by, m.score, m.options, m.created_at, m.ended_at,
       m.view -> 'seats' AS seats
FROM {tables.MATCHES} m
"""  # noqa: S608
MATCH = f"{ROW} WHERE m.id = $1"
EVENTS = f"""
SELECT version, at, type, body FROM {tables.EVENTS} WHERE match_id = $1
ORDER BY version, ordinal LIMIT {MOST_EVENTS}
"""  # noqa: S608
# `at` is when the match was created: pages stay whole while matches go on.
OF_PLAYER = f"""
{ROW} WHERE m.id IN (SELECT match_id FROM {tables.SEATS} WHERE player = $1)
AND (m.created_at, m.id) < ($2, $3) ORDER BY m.created_at DESC, m.id DESC LIMIT $4
"""  # noqa: S608
NAMES = "SELECT id, name FROM auth.players WHERE id = ANY($1::uuid[])"

Row: TypeAlias = Any  # asyncpg's Record: fields by name


class PostgresAway(Exception):
    """PostgreSQL cannot be reached, or has no tables yet."""


class Place(NamedTuple):
    """Where a page of a list begins: just after this match."""

    at: datetime
    id: UUID


FIRST = Place(datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))


class Store:
    """Reads in bounded time; each raises PostgresAway when there is no answer."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def view(self, match: str) -> tuple[int, dict[str, Any]] | None:
        """A match's version and public view, as the sink stored them last."""
        rows = await self._fetch(VIEW, UUID(match))
        return (rows[0]["version"], rows[0]["view"]) if rows else None

    async def match(self, match: str) -> Row | None:
        """A match's row of the lists."""
        rows = await self._fetch(MATCH, UUID(match))
        return rows[0] if rows else None

    async def events(self, match: str) -> Sequence[Row]:
        """A match's events in order, `body` without their type; at most MOST_EVENTS."""
        return await self._fetch(EVENTS, UUID(match))

    async def matches_of(self, player: str, after: Place, most: int) -> Sequence[Row]:
        """A player's matches, the newest first."""
        return await self._fetch(OF_PLAYER, player, after.at, after.id, most)

    async def names(self, players: list[str]) -> dict[str, str]:
        """Display names of those players that exist."""
        ids = [UUID(player) for player in players if _is_uuid(player)]
        try:
            return {str(row["id"]): row["name"] for row in await self._fetch(NAMES, ids)}
        except PostgresAway:
            return {}

    async def _fetch(self, query: str, *arguments: Any) -> Sequence[Row]:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._pool.fetch(query, *arguments)
        except (*AWAY, *NOT_MADE_YET) as error:
            STORE_AWAY.labels("postgres").inc()
            raise PostgresAway(type(error).__name__) from None


def time_text(at: datetime | None) -> str | None:
    """A time as clients see it; the log's times have milliseconds."""
    return None if at is None else rfc3339(round(at.timestamp() * 1000))


def cursor_text(place: Place) -> str:
    """A place as an opaque word for a URL."""
    micros = round(place.at.timestamp() * 1_000_000)
    return urlsafe_b64encode(micros.to_bytes(8, "big") + place.id.bytes).decode()


def cursor_place(text: str) -> Place | None:
    """The place that `cursor_text` wrote; None for anything else."""
    try:
        raw = urlsafe_b64decode(text.encode("ascii"))
        if len(raw) != 24:
            return None
        return Place(datetime.fromtimestamp(int.from_bytes(raw[:8], "big") / 1_000_000, UTC), UUID(bytes=raw[8:]))
    except (ValueError, OverflowError, OSError):
        return None


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
