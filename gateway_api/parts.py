"""What the routes work with, and how they are declared."""

import re
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, cast

from fastapi import Path, Request, Response
from fastapi.routing import APIRoute

from gateway_api.answers import unknown_match
from gateway_api.limits import InFlight
from gateway_api.names import Names
from gateway_api.reading import Reading
from gateway_api.settings import GatewaySettings
from gateway_api.sse import Streams
from gateway_api.store import Store
from gateway_api.submit import Submit
from infra.http.caller import Callers
from infra.http.limits import Limit, Limiter, address_key, is_loopback
from infra.http.origin import client_address
from infra.http.problems import Problem
from infra.http.tokens import Claims
from infra.redis_line import Line

JSON = "application/json"
NO_STORE = {"cache-control": "no-store"}
ID_FORM = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
MatchPath = Annotated[str, Path(pattern=ID_FORM, description="The match's id.")]
CommandPath = Annotated[str, Path(pattern=ID_FORM, description="The command's id.")]
_id = re.compile(ID_FORM)


@dataclass(frozen=True)
class Parts:
    """Everything behind the routes; made in wiring."""

    settings: GatewaySettings
    callers: Callers
    line: Line
    reading: Reading
    names: Names
    submit: Submit
    store: Store
    streams: Streams
    in_flight: InFlight
    limiter: Limiter
    documents: dict[str, bytes]

    async def caller(self, request: Request) -> Claims:
        return await self.callers(request)

    def limited_address(self, request: Request) -> str | None:
        """What limits per address count the caller by; None for this machine, unless settings say otherwise."""
        address = client_address(request, self.settings.gateway_proxies)
        return _limited(address, self.settings.gateway_limit_loopback)

    async def limit_commands(self, request: Request) -> None:
        if (address := self.limited_address(request)) is not None:
            await self.limiter.hit(Limit("commands", self.settings.gateway_command_rate), address)

    async def limit_history(self, request: Request, player: str) -> None:
        """Per player, since players of one address do not share what they read."""
        if self.limited_address(request) is not None:
            await self.limiter.hit(Limit("history", self.settings.gateway_history_rate), player)


@lru_cache(maxsize=4096)
def _limited(address: str, loopback_too: bool) -> str | None:
    return address_key(address) if loopback_too or not is_loopback(address) else None


def is_player(text: str) -> bool:
    """Whether an id can be a player's: not the computer's, nor the timer's."""
    return _id.fullmatch(text) is not None


def match_id_of(text: str) -> str:
    """A match's id from a path; the 404 problem for what cannot be one."""
    if not _id.fullmatch(text):
        raise unknown_match()
    return text


def command_id_of(text: str) -> str:
    """A command's id from a path; the 404 problem for what cannot be one."""
    if not _id.fullmatch(text):
        raise Problem(404, "not_found", "There is no such command.")
    return text


def parts_of(request: Request) -> Parts:
    """The parts of the application that got this request."""
    return cast(Parts, request.scope["app"].state.parts)


class Answer(Response):
    """A response with its headers as they are: 2 us instead of Starlette's 15."""

    def __init__(self, body: bytes, status: int = 200, headers: Mapping[str, str] = NO_STORE) -> None:
        self.body, self.status_code, self.background = body, status, None
        self.raw_headers = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        self.raw_headers.append((b"content-type", b"application/json"))
        self.raw_headers.append((b"content-length", b"%d" % len(body)))

    async def __call__(self, _scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body})


class Plain(APIRoute):
    """A route whose endpoint gets the request and the path's parameters, and nothing else.

    FastAPI's own handling of bodies and results costs more and reads JSON less strictly; what it would check is
    checked by hand, what it says in the OpenAPI document stays.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint = self.endpoint

        async def handle(request: Request) -> Response:
            return cast(Response, await endpoint(request, **request.path_params))

        return handle
