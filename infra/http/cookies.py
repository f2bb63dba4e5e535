"""The session's cookies: HttpOnly, SameSite=Strict, `__Host-` over TLS; plain names on loopback HTTP alone.

A plain name is not believed on any other host: a neighbour domain could have set it (RFC 6265 section 8.6).
"""

from starlette.requests import HTTPConnection
from starlette.responses import Response

ACCESS, REFRESH = "playlog_access", "playlog_refresh"
HOST_PREFIX = "__Host-"


def read(request: HTTPConnection, name: str, *, secure: bool) -> str | None:
    """The cookie's value; `secure`: the request came over TLS, as far as our proxy says."""
    return request.cookies.get(_name(name, secure))


def write(response: Response, name: str, value: str, seconds: int, *, secure: bool) -> None:
    """Set a cookie for this host alone."""
    response.set_cookie(
        _name(name, secure), value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="strict"
    )


def clear(response: Response, *, secure: bool) -> None:
    """Remove both."""
    for name in (ACCESS, REFRESH):
        write(response, name, "", 0, secure=secure)


def _name(name: str, secure: bool) -> str:
    return HOST_PREFIX + name if secure else name
