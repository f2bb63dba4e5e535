"""The session's cookies: HttpOnly, SameSite=Strict, `__Host-` over TLS; plain names on loopback HTTP alone.

A plain name is not believed on any other host: a neighbour domain could have set it (RFC 6265 section 8.6).
"""

import structlog
from starlette.requests import HTTPConnection
from starlette.responses import Response

from infra.http.origin import Proxies, is_secure, on_loopback, own_host

log = structlog.get_logger()
ACCESS, REFRESH = "playlog_access", "playlog_refresh"
HOST_PREFIX = "__Host-"


class Jar:
    """The cookies of one request and of its answer."""

    def __init__(self, request: HTTPConnection, proxies: Proxies) -> None:
        self._request, self._proxies = request, proxies
        self._secure = is_secure(request, proxies)
        self._prefix = HOST_PREFIX if self._secure else "" if on_loopback(request, proxies) else None

    def read(self, name: str) -> str | None:
        """The cookie's value; None too where no cookie is believed."""
        return None if self._prefix is None else self._request.cookies.get(self._prefix + name)

    def write(self, response: Response, name: str, value: str, seconds: int) -> None:
        """Set a cookie for this host alone, where it would be believed."""
        if self._prefix is None:
            log.warning("cookie_not_set", name=name, host=own_host(self._request, self._proxies))
            return
        response.set_cookie(
            self._prefix + name, value, seconds, path="/", secure=self._secure, httponly=True, samesite="strict"
        )

    def clear(self, response: Response) -> None:
        """Remove both."""
        for name in (ACCESS, REFRESH):
            self.write(response, name, "", 0)
