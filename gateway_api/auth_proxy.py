"""Forwards /auth/... to auth_api: small bodies, the headers that matter, bounded time."""

import logging
import re
from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx2
import structlog
from fastapi import Request, Response

from infra.http import body
from infra.http.origin import Proxies, client_address, is_secure, own_host
from infra.http.problems import Problem, away
from infra.http.trace import trace_id_of, traceparent
from infra.metrics import STORE_AWAY

log = structlog.get_logger()
PATH = re.compile(r"/auth(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+")
DOCUMENT = "/auth/openapi.json"
JWKS = "/auth/v1/jwks.json"
METHODS = ["GET", "POST", "DELETE", "PUT", "PATCH"]
SECONDS = httpx2.Timeout(10.0, connect=2.0)
LIMITS = httpx2.Limits(max_connections=64, max_keepalive_connections=32)
MOST_ANSWER = 1 << 20
ASKED = ("content-type", "cookie", "origin", "authorization", "accept", "accept-language", "user-agent",
         "sec-fetch-site", "sec-fetch-mode", "idempotency-key")  # fmt: skip
ANSWERED = frozenset(
    {"content-type", "set-cookie", "location", "cache-control", "www-authenticate", "retry-after", "vary"}
)


class AuthProxy:
    """A client of one auth_api. `proxies` as in `infra.http.origin`: whose forwarding headers are believed.

    docs: whether its OpenAPI document is to be had.
    """

    def __init__(self, url: str, proxies: Proxies, docs: bool = True) -> None:
        self._proxies, self._docs = proxies, docs
        nobodys = CookieJar(DefaultCookiePolicy(allowed_domains=()))  # else one player's cookie reaches the next
        self._http = httpx2.AsyncClient(
            base_url=url, timeout=SECONDS, limits=LIMITS, trust_env=False, cookies=nobodys
        )
        self.keys_loaded = False
        logging.getLogger("httpx2").setLevel(logging.WARNING)  # it would log every request

    async def jwks(self) -> Mapping[str, Any]:
        """The JWK set of access tokens' public keys; what a Verifier fetches."""
        answer = await self._http.get(JWKS)
        answer.raise_for_status()
        found: Mapping[str, Any] = answer.json()
        self.keys_loaded = bool(found["keys"])
        return found

    async def forward(self, request: Request) -> Response:
        """auth_api's answer; 404 for a path that cannot be one of its, 503 when it is away."""
        path = request.scope["path"]
        if not PATH.fullmatch(path) or (path == DOCUMENT and not self._docs):
            raise Problem(404, "not_found", "Not found.")
        raw = await body.read(request) if request.method in body.UNSAFE else b""
        query = request.scope["query_string"].decode("latin-1")
        target = path + (f"?{query}" if query else "")
        try:
            answer = await self._http.request(request.method, target, content=raw, headers=self._headers(request))
        except httpx2.HTTPError as error:
            STORE_AWAY.labels("auth").inc()
            log.warning("auth_away", error=type(error).__name__)
            raise away("auth") from None
        if len(answer.content) > MOST_ANSWER:
            raise away("auth")
        return _response(answer)

    async def close(self) -> None:
        await self._http.aclose()

    def _headers(self, request: Request) -> dict[bytes, bytes]:
        """As bytes: what came need not be ASCII, and httpx2 would refuse it."""
        headers = {name: value for name in ASKED if (value := request.headers.get(name)) is not None}
        headers["x-forwarded-for"] = client_address(request, self._proxies)
        headers["x-forwarded-host"] = own_host(request, self._proxies)
        headers["x-forwarded-proto"] = "https" if is_secure(request, self._proxies) else "http"
        headers["traceparent"] = traceparent(trace_id_of(request.scope))
        return {name.encode(): value.encode("latin-1") for name, value in headers.items()}


def _response(answer: httpx2.Response) -> Response:
    response = Response(answer.content, answer.status_code)
    response.raw_headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in answer.headers.multi_items()
        if name.lower() in ANSWERED
    ]
    if answer.status_code not in (204, 304):
        response.raw_headers.append((b"content-length", str(len(answer.content)).encode()))
    return response
