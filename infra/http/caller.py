"""Who is calling: a bearer token of a program, or the access cookie of a browser on our own pages."""

import re
from collections.abc import Collection, Container

import structlog
from starlette.requests import HTTPConnection

from infra.http import cookies
from infra.http.body import UNSAFE
from infra.http.origin import LOCAL_PROXIES, Proxies, browser_of
from infra.http.problems import Problem, away
from infra.http.tokens import Claims, KeysAway, TokenRejected, Verifier, rejected

log = structlog.get_logger()
BEARER = re.compile(r"Bearer +([A-Za-z0-9._~+/=-]+) *", re.IGNORECASE)
CHALLENGE = {"www-authenticate": 'Bearer error="invalid_token"'}


class Callers:
    """Authenticates requests; one per application. Origins and proxies as in `infra.http.origin`.

    ended: sessions whose tokens are not good any more, though their signatures are.
    """

    def __init__(
        self,
        verifier: Verifier,
        *,
        origins: Collection[str] = (),
        proxies: Proxies = LOCAL_PROXIES,
        ended: Container[str] = frozenset(),
    ) -> None:
        self._verifier, self._origins, self._proxies, self._ended = verifier, origins, proxies, ended

    async def __call__(self, request: HTTPConnection) -> Claims:
        """The caller's claims; 401, 403 (a page of another site, or a cookie without Origin) or 503 problems."""
        token = self._token(request)
        if token is None:
            raise Problem(401, "token_required", "Sign in first.", headers={"www-authenticate": "Bearer"})
        try:
            claims = await self._verifier.verify(token)
            if claims.session in self._ended:
                raise rejected("session_ended")
        except TokenRejected as error:
            log.warning("token_rejected", reason=error.reason)
            raise invalid_token() from None
        except KeysAway:
            raise away("auth") from None
        return claims

    def _token(self, request: HTTPConnection) -> str | None:
        """A header decides alone, good or bad: a request never falls back to another identity."""
        browser = browser_of(request, self._origins, self._proxies)
        if (header := request.headers.get("authorization")) is not None:
            match = BEARER.fullmatch(header)
            return match[1] if match else ""
        token = cookies.Jar(request, self._proxies).read(cookies.ACCESS)
        if token and browser is None and request.scope.get("method") in UNSAFE:
            raise Problem(403, "origin_required", "A request with a cookie needs an Origin.")
        return token


def invalid_token() -> Problem:
    """401 without a reason: an attacker learns nothing."""
    return Problem(401, "invalid_token", "The token is not valid.", headers=CHALLENGE)
