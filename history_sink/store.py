"""PostgreSQL as the history sink uses it: one transaction a poll, which claims its progress rows first."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import orjson

from history_sink import sql
from history_sink.tabulate import EVENT_COLUMNS, EventRow, MatchRow, Place, Rows, array
from infra import postgres
from infra.kafka.progress import Progress
from infra.metrics import SINK_ROWS
from infra.migrations import Migrated
from infra.migrations import migrate as run_migrations
from schemas import log
from schemas.tables import SCHEMA

SCRIPTS = Path(__file__).parent / "migrations"

# Away, or in a state that passes: the transaction is worth another try as it is.
AWAY: tuple[type[Exception], ...] = (
    *(kind for kind in postgres.AWAY if kind is not asyncpg.InterfaceError),
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.ReadOnlySQLTransactionError,
)


class Lost(ConnectionError):
    """The connection was closed while it was used."""


class Claim(NamedTuple):
    """A partition's progress row as it must be before, and as it becomes."""

    partition: int
    read_from: int
    progress: Place


class Store:
    """The schema `history`, over one connection that is opened when it is needed."""

    def __init__(self, url: str, name: str) -> None:
        self._url, self._name = url, name
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None

    async def progress(self, partitions: Collection[int]) -> Mapping[int, Place]:
        """The saved progress of partitions; one without a row is missing."""
        rows = await self._run(lambda c: c.fetch(sql.PROGRESS, list(partitions)))
        return {row["partition"]: _place(row) for row in rows}

    async def begin(self, partition: int) -> None:
        """Give a partition its first progress row, if it has none."""
        await self._run(lambda c: c.execute(sql.BEGIN, partition))

    async def write(self, claims: Sequence[Claim], events: Iterable[EventRow], rows: Rows) -> bool:
        """All rows and the progress in one transaction; False, and nothing, where a claim is not as it must be.

        `rows` is looked at after the last event was taken. An error after which nobody knows whether the commit
        happened is AWAY: the progress row tells.
        """
        written: Mapping[str, int] | None = await self._run(lambda c: _write(c, claims, events, rows))
        for table, count in (written or {}).items():
            SINK_ROWS.labels(table).inc(count)
        return written is not None

    async def erase(self, partition: int, read_to: int) -> None:
        """Remove all rows made from a partition whose log is another one now, its progress included; nothing where
        the progress has become another one."""
        await self._run(lambda c: c.execute(sql.erase(partition, read_to)))

    async def close(self) -> None:
        """Drop the connection at once; an open transaction is rolled back by the server."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _run(self, work: Any) -> Any:
        try:
            return await work(await self._connected())
        except AWAY:
            await self.close()
            raise
        except asyncpg.InterfaceError as error:
            await self.close()
            if isinstance(error, ValueError):  # a value that cannot be encoded is the record's fault
                raise
            raise Lost(str(error)) from error

    async def _connected(self) -> Any:
        if self._connection is None or self._connection.is_closed():
            self._connection = await postgres.connect(self._url, self._name)
            await self._connection.set_type_codec(  # COPY is binary; events come as JSON bytes
                "jsonb",
                schema="pg_catalog",
                format="binary",
                encoder=lambda raw: b"\x01" + raw,
                decoder=lambda raw: orjson.loads(bytes(raw)[1:]),
            )
        return self._connection


async def _write(
    connection: Any, claims: Sequence[Claim], events: Iterable[EventRow], rows: Rows
) -> Mapping[str, int] | None:
    """How many rows went into each table; None where a claim was lost."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        claimed = await connection.fetch(sql.CLAIM, *_claims(claims))
        if len(claimed) < len(claims):
            await transaction.rollback()
            return None
        written = await _insert(connection, events, rows)
    except BaseException:
        if not connection.is_closed():
            await transaction.rollback()
        raise
    await transaction.commit()
    return written


async def _insert(connection: Any, events: Iterable[EventRow], rows: Rows) -> Mapping[str, int]:
    copied = await connection.copy_records_to_table(
        "events", schema_name=SCHEMA, columns=EVENT_COLUMNS, records=events
    )
    if rows.partial:  # asked before the matches' rows change
        held = await connection.fetch(sql.SCORES, list(rows.partial))
        rows.complete({str(row["id"]): row["score"] for row in held})
    written = {"events": int(copied.removeprefix("COPY "))}
    for table, statement, found in (
        ("matches", sql.MATCHES, [_match(row) for row in rows.matches.values()]),
        ("seats", sql.SEATS, rows.seats()),
        ("results", sql.RESULTS, rows.results),
    ):
        if found:
            await connection.execute(statement, *_columns(found))
            written[table] = len(found)
    return written


def _match(row: MatchRow) -> tuple[Any, ...]:
    view = row.public()
    return (
        row.id,
        view["game"],
        view["status"],
        view["version"],
        view["winner"],
        view["ended_by"],
        array(view["score"]),
        orjson.dumps(view["options"]).decode(),
        row.view.decode(),
        row.created_at,
        row.ended_at,
        row.updated_at,
        row.partition,
    )


def _columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _claims(claims: Sequence[Claim]) -> list[list[Any]]:
    flat = [
        (
            claim.partition,
            claim.read_from,
            claim.progress.next,
            None if claim.progress.cursor.fence is None else claim.progress.cursor.fence.offset,
            None if claim.progress.cursor.fence is None else claim.progress.cursor.fence.id,
            claim.progress.cursor.watermark,
            claim.progress.crc,
        )
        for claim in sorted(claims)
    ]
    return _columns(flat)


def _place(row: Any) -> Place:
    fence = None if row["fence_offset"] is None else log.Fence(row["fence_offset"], row["fence_id"])
    return Progress(row["next_offset"], log.Cursor(fence, row["watermark"]), row["crc"])


async def migrate(postgres_url: str) -> Migrated:
    """Bring the tables of history to their newest form."""
    return await run_migrations(postgres_url, SCHEMA, SCRIPTS)
