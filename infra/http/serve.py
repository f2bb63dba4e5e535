"""One uvicorn server inside our own loop: no signals, no access lines, a stop in bounded time."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import structlog
import uvicorn

log = structlog.get_logger()
GRACE = 5
BACKLOG = 4096


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the process's owner decides when to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class PortTaken(Exception):
    """The address is in use; the message says which setting to change."""


def bind(host: str, port: int, setting: str = "") -> socket.socket:
    """A listening socket's file, bound now, so that a taken port is a clear error and port 0 is known."""
    kind = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(kind, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        hint = f"; set {setting} to another port" if setting else ""
        raise PortTaken(f"cannot listen on {host}:{port}: {error.strerror}{hint}") from None
    return sock


async def serve(
    app: Any,
    host: str,
    port: int,
    *,
    stop: asyncio.Event | None = None,
    name: str = "http",
    setting: str = "",
    grace: int = GRACE,
    quiet: bool = False,
    on_stop: Callable[[], Any] | None = None,
    **options: Any,
) -> None:
    """Serve an ASGI application until `stop` is set or the task is cancelled.

    `on_stop` runs before the server waits for open requests, at most `grace` seconds: uvicorn never ends
    streams by itself, the application has to. Other keyword arguments go to uvicorn.Config.
    """
    sock = bind(host, port, setting)
    defaults: dict[str, Any] = {
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "date_header": not quiet,
        "lifespan": "off",
        "ws": "none",
        "backlog": BACKLOG,
        "timeout_keep_alive": 15,
        "timeout_graceful_shutdown": grace,
        "proxy_headers": False,
    }
    server = _Server(uvicorn.Config(app, **{**defaults, **options}))
    log.info(f"{name}_listening", host=host, port=sock.getsockname()[1])
    running = asyncio.ensure_future(server.serve(sockets=[sock]))
    try:
        await _first(running, stop)
    finally:
        if on_stop:
            on_stop()
        server.should_exit = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(running, grace + 2)


async def _first(running: "asyncio.Future[Any]", stop: asyncio.Event | None) -> None:
    """Wait until the server ends by itself or the stop comes."""
    stopped: asyncio.Future[Any] = asyncio.ensure_future((stop or asyncio.Event()).wait())
    try:
        await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
