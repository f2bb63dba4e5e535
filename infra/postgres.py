"""PostgreSQL connections with time-outs on everything and JSON columns as Python values."""

from typing import Any

import asyncpg
import orjson

CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 30.0
STATEMENT_MS = 20_000
IDLE_IN_TRANSACTION_MS = 30_000

# What a caller treats as "PostgreSQL is away": back off, or answer 503.
AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that was cut in the middle of a query: a new one is needed
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.QueryCanceledError,
)


def _arguments(name: str, statement_ms: int) -> dict[str, Any]:
    return {
        "timeout": CONNECT_SECONDS,
        "command_timeout": COMMAND_SECONDS,
        "server_settings": {
            "application_name": name,
            "statement_timeout": str(statement_ms),
            "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS),
            "search_path": "pg_catalog",
        },
    }


async def _prepare(connection: Any) -> None:
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(
            kind, encoder=lambda v: orjson.dumps(v).decode(), decoder=orjson.loads, schema="pg_catalog"
        )


async def connect(
    url: str, name: str, *, statement_ms: int = STATEMENT_MS, **more: Any
) -> "asyncpg.Connection[asyncpg.Record]":
    """One connection. Its search_path is pg_catalog alone: every table is named with its schema."""
    try:
        connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
            url, **{**_arguments(name, statement_ms), **more}
        )
    except ValueError as error:  # a port that is no number has no class of its own
        raise asyncpg.ClientConfigurationError("the URL is wrong") from error
    await _prepare(connection)
    return connection


async def pool(
    url: str, name: str, *, most: int = 4, statement_ms: int = STATEMENT_MS, **more: Any
) -> "asyncpg.Pool[asyncpg.Record]":
    """A pool of at most `most` connections, opened when used first: PostgreSQL may be away now."""
    return await asyncpg.create_pool(
        url, **{"min_size": 0, "max_size": most, "init": _prepare, **_arguments(name, statement_ms), **more}
    )
