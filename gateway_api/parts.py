"""What the routes work with, and how they are declared."""

import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import Path, Request, Response
from fastapi.routing import APIRoute

from gateway_api.answers import unknown_match
from gateway_api.limits import InFlight
from gateway_api.line import Line
from gateway_api.names import Names
from gateway_api.reading import Reading
from gateway_api.settings import GatewaySettings
from gateway_api.sse import Streams
from gateway_api.store import Store
from gateway_api.submit import Submit
from infra.http.caller import Callers
from infra.http.limits import Limit, Limiter, address_key, is_loopback
from infra.http.origin import client_address
from infra.http.tokens import Claims

JSON = "application/json"
NO_STORE = {"cache-control": "no-store"}
MATCH_ID_FORM = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
MatchPath = Annotated[str, Path(pattern=MATCH_ID_FORM, description="The match's id.")]
_match_id = re.compile(MATCH_ID_FORM)


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
        limited = self.settings.gateway_limit_loopback or not is_loopback(address)
        return address_key(address) if limited else None

    async def limit_commands(self, request: Request) -> None:
        if (address := self.limited_address(request)) is not None:
            await self.limiter.hit(Limit("commands", self.settings.gateway_command_rate), address)


def match_id_of(text: str) -> str:
    """A match's id from a path; the 404 problem for what cannot be one."""
    if not _match_id.fullmatch(text):
        raise unknown_match()
    return text


def parts_of(request: Request) -> Parts:
    """The parts of the application that got this request."""
    return cast(Parts, request.scope["app"].state.parts)


class Plain(APIRoute):
    """A route that calls its endpoint with the request and the path's parameters, and nothing else.

    FastAPI's own handling of parameters, bodies and results costs 15 us more and reads JSON less strictly; what it
    would check is checked by hand, what it says in the OpenAPI document stays.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint = self.endpoint

        async def handle(request: Request) -> Response:
            return cast(Response, await endpoint(request, **request.path_params))

        return handle
