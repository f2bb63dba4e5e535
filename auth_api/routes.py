"""The HTTP routes of auth_api; each checks the sender, calls one session verb and dresses the answer."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from auth_api.bodies import MeOut, NewGuest, PlayerOut, RefreshWith, TokensOut
from auth_api.sessions import Granted, Sessions
from auth_api.settings import AuthSettings
from auth_api.store import Player
from infra.http import cookies
from infra.http.body import StrictRoute
from infra.http.caller import Callers, invalid_token
from infra.http.limits import Limit, Limiter, address_key, is_loopback
from infra.http.openapi import problems
from infra.http.origin import Browser, browser_of, client_address
from infra.http.problems import Problem
from infra.http.tokens import Claims

REFRESH_FORM = re.compile(r"[A-Za-z0-9_-]{43}")
NO_STORE = {"cache-control": "no-store"}


@dataclass(frozen=True)
class Parts:
    """What the routes work with."""

    settings: AuthSettings
    sessions: Sessions
    callers: Callers
    limiter: Limiter
    jwks: dict[str, Any]


class Door:
    """What the routes share: who sends, where tokens travel."""

    def __init__(self, parts: Parts) -> None:
        self._settings, self._limiter = parts.settings, parts.limiter
        self._guests = Limit("guests", parts.settings.auth_guest_rate)
        self._refreshes = Limit("refreshes", parts.settings.auth_refresh_rate)

    def browser(self, request: Request) -> Browser | None:
        return browser_of(request, self._settings.auth_origins, self._settings.auth_proxies)

    async def limit_guests(self, request: Request) -> None:
        await self._limit(request, self._guests)

    async def limit_refreshes(self, request: Request) -> None:
        """Logouts too: each asks PostgreSQL, whoever sends it."""
        await self._limit(request, self._refreshes)

    def refresh_token(self, request: Request, body: RefreshWith, browser: Browser | None) -> str | None:
        """The token in the body, else in the cookie of a browser; '' and foreign forms fit nobody."""
        token = body.refresh_token
        if token is None:
            token = self._jar(request).read(cookies.REFRESH)
            if token and browser is None:
                raise Problem(403, "origin_required", "A request with a cookie needs an Origin.")
        return token if token and REFRESH_FORM.fullmatch(token) else None

    def dress(self, request: Request, response: Response, granted: Granted, browser: Browser | None) -> TokensOut:
        """Tokens into the body for a program, into cookies for a browser."""
        response.headers.update(NO_STORE)
        player, seconds = player_out(granted.player), self._settings.auth_access_seconds
        if browser is None:
            return TokensOut(
                player=player, access_token=granted.access, refresh_token=granted.refresh, expires_in=seconds
            )
        jar = self._jar(request)
        jar.write(response, cookies.ACCESS, granted.access, seconds)
        jar.write(response, cookies.REFRESH, granted.refresh, self._settings.auth_guest_idle_seconds)
        return TokensOut(player=player, expires_in=seconds)

    def undress(self, request: Request, response: Response) -> None:
        response.headers.update(NO_STORE)
        self._jar(request).clear(response)

    async def _limit(self, request: Request, limit: Limit) -> None:
        address = client_address(request, self._settings.auth_proxies)
        if self._settings.auth_limit_loopback or not is_loopback(address):
            await self._limiter.hit(limit, address_key(address))

    def _jar(self, request: Request) -> cookies.Jar:
        return cookies.Jar(request, self._settings.auth_proxies)


def player_out(player: Player) -> PlayerOut:
    return PlayerOut(id=player.id, name=player.name)


def build(parts: Parts) -> APIRouter:
    """All routes under /auth/v1."""
    router = APIRouter(prefix="/auth/v1", route_class=StrictRoute)
    door = Door(parts)
    _add_sessions(router, door, parts)
    _add_reading(router, parts)
    return router


def _add_sessions(router: APIRouter, door: Door, parts: Parts) -> None:
    @router.post(
        "/guests",
        status_code=201,
        response_model_exclude_none=True,
        responses=problems(400, 403, 413, 415, 422, 429, 503),
    )
    async def new_guest(request: Request, response: Response, body: NewGuest) -> TokensOut:  # noqa: ARG001
        """Begin as a guest: a player with a generated name."""
        browser = door.browser(request)
        await door.limit_guests(request)
        granted = await parts.sessions.begin_as_guest("browser" if browser else "program")
        return door.dress(request, response, granted, browser)

    @router.post(
        "/tokens",
        response_model_exclude_none=True,
        responses=problems(400, 401, 403, 413, 415, 422, 429, 503),
    )
    async def refresh(request: Request, response: Response, body: RefreshWith) -> TokensOut:
        """Exchange a refresh token for new tokens; each works once, a second use ends the session."""
        browser = door.browser(request)
        await door.limit_refreshes(request)
        token = door.refresh_token(request, body, browser)
        granted = await parts.sessions.refresh(token) if token else None
        if granted is None:
            raise invalid_token()
        return door.dress(request, response, granted, browser)

    @router.post("/logout", status_code=204, responses=problems(400, 403, 413, 415, 422, 429, 503))
    async def logout(request: Request, response: Response, body: RefreshWith) -> None:
        """End the session of a refresh token and remove the browser's cookies."""
        browser = door.browser(request)
        await door.limit_refreshes(request)
        token = door.refresh_token(request, body, browser)
        if token:
            await parts.sessions.logout(token)
        door.undress(request, response)


def _add_reading(router: APIRouter, parts: Parts) -> None:
    @router.get("/me", responses=problems(401, 403, 503))
    async def me(response: Response, claims: Annotated[Claims, Depends(parts.callers)]) -> MeOut:
        """Who the caller is."""
        player = await parts.sessions.player(claims.subject, claims.session)
        if player is None:
            raise invalid_token()
        response.headers.update(NO_STORE)
        return MeOut(player=player_out(player))

    @router.get("/jwks.json")
    async def jwks(response: Response) -> dict[str, Any]:
        """The public keys of access tokens, RFC 7517."""
        response.headers["cache-control"] = "public, max-age=60"
        return parts.jwks
