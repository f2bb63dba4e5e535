"""The built web client: hashed files kept for ever, the index asked for again each time, pages all the index."""

import re
from pathlib import Path

from fastapi import Request, Response
from starlette.responses import FileResponse
from starlette.routing import Match, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from infra.http.problems import Problem

HASHED = re.compile(r"assets/.+-[A-Za-z0-9_-]{8,}\.[a-z0-9]+")
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
OURS = ("/v1", "/auth", "/docs", "/asyncapi", "/openapi.json")  # never a page


class PagesRoute(Route):
    """GET for every address that is not the interface's own: there a wrong method must be told as one."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http" and scope["path"].startswith(OURS):
            return Match.NONE, {}
        return super().matches(scope)


class Pages:
    """Answers GET for everything that no route takes."""

    def __init__(self, folder: Path) -> None:
        self._index = folder / "index.html"
        self._files = StaticFiles(directory=folder, check_dir=False)

    async def answer(self, request: Request) -> Response:
        """A file, the index for a page's address, a 404 problem for anything else."""
        path = request.scope["path"]
        if not self._index.is_file():
            raise Problem(404, "not_found", "Not found.")
        name = path.strip("/")
        if name and "\x00" not in name and self._files.lookup_path(name)[1] is not None:
            return await self._file(request, name)
        if "." in name.rsplit("/", 1)[-1]:
            raise Problem(404, "not_found", "Not found.")
        return FileResponse(self._index, headers={"cache-control": ASK_AGAIN})

    async def _file(self, request: Request, name: str) -> Response:
        response = await self._files.get_response(name, request.scope)
        response.headers["cache-control"] = FOR_EVER if HASHED.fullmatch(name) else ASK_AGAIN
        return response
