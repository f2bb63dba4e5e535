"""Structured logs: one JSON object a line with allow-listed fields, or readable text for a terminal."""

import logging
import sys
from collections.abc import Iterable
from importlib import metadata
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

# A field outside this list is dropped, and its name (never its value) listed under `dropped`: so no token,
# e-mail or pending move reaches a log by accident. `configure(fields=...)` adds a service's own.
FIELDS = frozenset(
    {
        *("ts", "level", "event", "service", "version", "logger", "worker", "pid", "trace_id", "task", "signal"),
        *("command_id", "match_id", "partition", "partitions", "offset", "from_offset", "to_offset"),
        *("topic", "group", "fence", "cause", "watermark", "generation", "state", "lag", "records", "rows"),
        *("bytes", "seconds", "ms", "attempt", "count", "streams", "check", "ok", "reason", "error", "exception"),
        *("host", "port", "address", "path", "route", "method", "status", "code", "limit", "name", "schema"),
        *("revision", "expected", "found"),
    }
)
NOISY = {
    "aiokafka": logging.WARNING,
    "asyncio": logging.WARNING,
    "uvicorn.error": logging.WARNING,
    "uvicorn.access": logging.CRITICAL,
}


def configure(service: str, fmt: str = "json", level: str = "info", fields: Iterable[str] = ()) -> None:
    """Route structlog and the standard library's logging (aiokafka, uvicorn) to one writer on stderr."""
    version = _version()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _Stamp(service, version),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        structlog.processors.format_exc_info,
        AllowList(FIELDS | frozenset(fields)),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    _route_stdlib(shared, fmt, level)


class _Stamp:
    """Puts service and version on every line."""

    def __init__(self, service: str, version: str) -> None:
        self._fields = {"service": service, "version": version}

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event.update(self._fields)
        return event


class AllowList:
    """Keeps the fields that may be logged and lists the names of the others."""

    def __init__(self, fields: frozenset[str]) -> None:
        self._fields = fields

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        unknown = [key for key in event if key not in self._fields and not key.startswith("_")]
        for key in unknown:
            del event[key]
        if unknown:
            event["dropped"] = sorted(unknown)
        return event


def _route_stdlib(shared: list[Processor], fmt: str, level: str) -> None:
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(timestamp_key="ts", colors=sys.stderr.isatty())
        if fmt == "console"
        else structlog.processors.JSONRenderer(serializer=_json)
    )
    strip = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared], processors=[strip, renderer]
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name, least in NOISY.items():
        logging.getLogger(name).setLevel(max(least, root.level))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True


def _json(event: dict[str, Any], **_options: Any) -> str:
    import orjson

    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _version() -> str:
    try:
        return metadata.version("playlog")
    except metadata.PackageNotFoundError:
        return "0"
