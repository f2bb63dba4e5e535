"""The FastAPI application: routes, documents, pages, and how what went wrong is said."""

from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from gateway_api import routes_commands, routes_views
from gateway_api.auth_proxy import METHODS, AuthProxy
from gateway_api.docs_page import docs_page
from gateway_api.pages import Pages, PagesRoute
from gateway_api.parts import JSON, Plain, parts_of
from gateway_api.requests import CommandRequest, NewMatch
from infra.http import problems
from infra.http.openapi import SCHEMA as PROBLEM
from infra.http.problems import MEDIA_TYPE

TITLE = "Playlog"
VERSION = "1"
ABOUT = "Turn games on an event log. Commands go in, views come out; every error is an RFC 9457 problem."
SCHEMAS = "#/components/schemas/{model}"
BODIES: dict[str, TypeAdapter[Any]] = {
    "NewMatch": TypeAdapter(NewMatch),
    "CommandRequest": TypeAdapter(CommandRequest),
}
FASTAPIS_OWN = ("HTTPValidationError", "ValidationError")  # never sent: wrong input is a problem


class Application(FastAPI):
    """FastAPI, whose document also has the bodies and stream payloads that routes handle by themselves."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document = get_openapi(title=TITLE, version=VERSION, description=ABOUT, routes=self.routes)
            components = document.setdefault("components", {})
            models = components.setdefault("schemas", {})
            for name, adapter in BODIES.items():
                schema = adapter.json_schema(ref_template=SCHEMAS)
                models.update(schema.pop("$defs", {}))
                models[name] = schema
            models["Problem"] = PROBLEM
            _tidy(document)
            components["securitySchemes"] = {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "__Host-playlog_access"},
            }
            document["security"] = [{"bearer": []}, {"cookie": []}]
            self.openapi_schema = document
        return self.openapi_schema


def shortcuts() -> list[Plain]:
    """The routes of our own interface, the hottest first."""
    routers = (routes_commands.router, routes_views.router)
    found = [route for router in routers for route in router.routes if isinstance(route, Plain)]
    return sorted(found, key=lambda route: not route.path.endswith(("/commands", "/events")))


def _tidy(document: dict[str, Any]) -> None:
    """One schema for all problems, and no answers that are never given."""
    for name in FASTAPIS_OWN:
        document["components"]["schemas"].pop(name, None)
    for operations in document["paths"].values():
        for operation in operations.values():
            answers = operation["responses"]
            if JSON in answers.get("422", {}).get("content", {}):
                del answers["422"]
            for answer in answers.values():
                if MEDIA_TYPE in answer.get("content", {}):
                    answer["content"] = {MEDIA_TYPE: {"schema": {"$ref": SCHEMAS.format(model="Problem")}}}


def build(proxy: AuthProxy | None = None, pages: Pages | None = None, docs: bool = True) -> Application:
    """The application; `state.parts` must be set before it is asked anything."""
    app = Application(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    problems.install(app)
    app.include_router(routes_commands.router)
    app.include_router(routes_views.router)
    if docs:
        app.include_router(_documents())
    if proxy is not None:
        app.add_route("/auth/{rest:path}", proxy.forward, methods=METHODS, include_in_schema=False)
    if pages is not None:
        squeeze = [Middleware(GZipMiddleware)]  # for pages alone: views are small, and streams must not wait
        app.router.routes.append(
            PagesRoute("/{rest:path}", pages.answer, methods=["GET", "HEAD"], middleware=squeeze)
        )
    return app


def _documents() -> APIRouter:
    router = APIRouter(route_class=Plain, include_in_schema=False)

    @router.get("/openapi.json")
    async def openapi(request: Request) -> Response:
        return Response(parts_of(request).documents["openapi"], 200, media_type=JSON)

    @router.get("/asyncapi")
    async def asyncapi(request: Request) -> Response:
        return Response(parts_of(request).documents["asyncapi"], 200, media_type=JSON)

    @router.get("/docs")
    async def docs(request: Request) -> Response:
        return Response(docs_page(request.scope["app"].openapi()), 200, media_type="text/html")

    return router
