"""Who may send a request from a browser: Origin and Sec-Fetch-Site checks against cross-site forgery.

Cookies are SameSite=Strict as well; this is the second wall (OWASP ASVS 5.0, 3.5). Behind a proxy that we
trust, host, scheme and address are those that it forwards.
"""

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from infra.http.problems import Problem

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Proxies: TypeAlias = frozenset[Network]  # a single address is a network of one
LOCAL_PROXIES: Proxies = frozenset({ipaddress.IPv4Network("127.0.0.1"), ipaddress.IPv6Network("::1")})


@dataclass(frozen=True)
class Browser:
    """A browser page that may talk to us."""

    origin: str


def peer(request: HTTPConnection) -> str:
    """The address at the other end of the connection."""
    return request.client.host if request.client else ""


@lru_cache(maxsize=4096)
def is_proxy(address: str, proxies: Proxies) -> bool:
    """Whether an address lies in one of the networks whose forwarding headers are believed."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return any(ip in network for network in proxies)


def client_address(request: HTTPConnection, proxies: Proxies = LOCAL_PROXIES) -> str:
    """The client's address: the last one in X-Forwarded-For that no trusted proxy has, where the peer is one."""
    address = peer(request)
    if not is_proxy(address, proxies):
        return address
    forwarded = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    for hop in reversed([item.strip() for item in forwarded if item.strip()]):
        if not _is_address(hop):
            break
        address = hop
        if not is_proxy(hop, proxies):
            break
    return address


def browser_of(
    request: HTTPConnection, allowed: Collection[str] = (), proxies: Proxies = LOCAL_PROXIES
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


def own_host(request: HTTPConnection, proxies: Proxies = LOCAL_PROXIES) -> str:
    """The Host that the client asked for."""
    forwarded = request.headers.get("x-forwarded-host") if is_proxy(peer(request), proxies) else None
    return (forwarded or request.headers.get("host", "")).lower()


def on_loopback(request: HTTPConnection, proxies: Proxies = LOCAL_PROXIES) -> bool:
    """Whether the client asked for a name of its own machine."""
    try:
        return urlsplit(f"//{own_host(request, proxies)}").hostname in LOOPBACK
    except ValueError:
        return False


def is_secure(request: HTTPConnection, proxies: Proxies = LOCAL_PROXIES) -> bool:
    """Whether the client came over TLS, to us or to a proxy that we trust."""
    forwarded = request.headers.get("x-forwarded-proto") if is_proxy(peer(request), proxies) else None
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
