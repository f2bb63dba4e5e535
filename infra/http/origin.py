"""Who may send a request from a browser: Origin and Sec-Fetch-Site checks against cross-site forgery.

Cookies are SameSite=Strict as well; this is the second wall (OWASP ASVS 5.0, 3.5). Behind a proxy that we
trust, host, scheme and address are those that it forwards.
"""

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from infra.http.problems import Problem

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
LOCAL_PROXIES = frozenset({"127.0.0.1", "::1"})


@dataclass(frozen=True)
class Browser:
    """A browser page that may talk to us."""

    origin: str


def peer(request: HTTPConnection) -> str:
    """The address at the other end of the connection."""
    return request.client.host if request.client else ""


def client_address(request: HTTPConnection, proxies: Collection[str] = LOCAL_PROXIES) -> str:
    """The client's address: the last one in X-Forwarded-For that no trusted proxy has, where the peer is one."""
    address = peer(request)
    if address not in proxies:
        return address
    forwarded = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    for hop in reversed([item.strip() for item in forwarded if item.strip()]):
        if not _is_address(hop):
            break
        address = hop
        if hop not in proxies:
            break
    return address


def browser_of(
    request: HTTPConnection, allowed: Collection[str] = (), proxies: Collection[str] = LOCAL_PROXIES
) -> Browser | None:
    """The browser behind a request, None for a program; a 403 problem for a page of another site.

    Allowed are the origin whose host the request itself is for (over TLS, or on loopback) and those listed.
    """
    origin = request.headers.get("origin")
    if origin is None:
        if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise _foreign()
        return None
    if origin not in allowed and not _is_own(origin, own_host(request, proxies)):
        raise _foreign()
    return Browser(origin)


def own_host(request: HTTPConnection, proxies: Collection[str] = LOCAL_PROXIES) -> str:
    """The Host that the client asked for."""
    forwarded = request.headers.get("x-forwarded-host") if peer(request) in proxies else None
    return (forwarded or request.headers.get("host", "")).lower()


def is_secure(request: HTTPConnection, proxies: Collection[str] = LOCAL_PROXIES) -> bool:
    """Whether the client came over TLS, to us or to a proxy that we trust."""
    forwarded = request.headers.get("x-forwarded-proto") if peer(request) in proxies else None
    return (forwarded or request.scope.get("scheme", "http")).lower() == "https"


def _is_own(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
        plain = parts.scheme == "http" and parts.hostname in LOOPBACK
    except ValueError:
        return False
    return (parts.scheme == "https" or plain) and bool(host) and origin == f"{parts.scheme}://{host}"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _foreign() -> Problem:
    return Problem(403, "foreign_origin", "This request came from another site.")
