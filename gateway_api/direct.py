"""The short way to our own routes: FastAPI declares and documents them, requests go straight to their endpoints.

FastAPI's middlewares, exit stacks and matching cost 80 us of a command's 200 (in process, 2 cores); its routes
stay the one table, and what is not `Plain` goes through FastAPI.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from fastapi import FastAPI, Request, Response
from starlette.routing import compile_path

from gateway_api.parts import Plain
from infra.http.problems import Problem, respond

STREAM = "/events"  # a stream has no end whose headers anybody could want
Handle = Callable[..., Awaitable[Response]]


class Shortcut(NamedTuple):
    """One Plain route."""

    method: str
    form: re.Pattern[str]
    endpoint: Handle
    route: Any


class Direct:
    """ASGI application around a FastAPI one."""

    def __init__(self, app: FastAPI, routes: list[Plain]) -> None:
        self._app = app
        self._shortcuts = [
            Shortcut(method, compile_path(route.path)[0], route.endpoint, route)
            for route in routes
            for method in sorted(route.methods or ())
        ]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == "HEAD" and not scope["path"].endswith(STREAM):
            scope = {**scope, "method": "GET"}  # RFC 9110, 9.3.2: the server keeps the body back
        method, path = scope["method"], scope["path"]
        for shortcut in self._shortcuts:
            if shortcut.method == method and (match := shortcut.form.match(path)):
                await self._answer(shortcut, match.groupdict(), scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _answer(self, shortcut: Shortcut, found: Any, scope: Any, receive: Any, send: Any) -> None:
        scope["app"], scope["route"] = self._app, shortcut.route
        request = Request(scope, receive, send)
        try:
            response = await shortcut.endpoint(request, **found)
        except Problem as problem:
            response = respond(request, problem)
        except Exception:
            bug = Problem(500, "internal", "Something went wrong on our side.")
            await respond(request, bug)(scope, receive, send)
            raise  # into the log, with its traceback
        await response(scope, receive, send)
