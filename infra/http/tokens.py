"""Access tokens as every service checks them: RFC 9068, signed with Ed25519, read as strictly as RFC 8725 asks.

A token is looked at for its `kid` only; what it says about where keys are (jku, x5u, jwk) or what must be
understood (crit) refuses it. Verified tokens are remembered, since a signature costs 100 us and a look-up 1.
"""

import asyncio
import binascii
import json
import re
from base64 import urlsafe_b64decode
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwa import EdDSAAlgorithm
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry

from infra.clock import Clock, SystemClock
from infra.metrics import SECURITY_EVENTS

log = structlog.get_logger()
ALGORITHM = "EdDSA"
TYPE = "at+jwt"
MAX_TOKEN = 4096
MAX_TEXT = 256
KID = re.compile(r"[A-Za-z0-9_-]{43}")  # an RFC 7638 thumbprint (SHA-256)
LEEWAY = 30
CACHE = 20_000
REFETCH_SECONDS = 5.0
KEYS_SECONDS = 300.0
RETRY_SECONDS = 0.5
FETCH_SECONDS = 3.0

Fetch = Callable[[], Awaitable[Mapping[str, Any]]]


class _Ed25519(EdDSAAlgorithm):
    """EdDSA without the library's warning at each use (it prefers RFC 9864's name); our keys are Ed25519 alone."""

    security_warning = ""


class _OnlyEd25519(JWSRegistry):
    """A registry in which no other algorithm exists."""

    algorithms = {ALGORITHM: _Ed25519()}  # noqa: RUF012


REGISTRY = _OnlyEd25519(algorithms=[ALGORITHM])


@dataclass(frozen=True)
class Claims:
    """What a valid access token says; times in seconds since 1970."""

    subject: str
    client: str
    session: str
    token_id: str
    issued: int
    expires: int


class TokenRejected(Exception):
    """The token is not good; `reason` is for metrics and logs, never for the caller."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class KeysAway(Exception):
    """There are no keys yet and they cannot be fetched: answer 503."""


class Verifier:
    """Verifies tokens of one issuer for one audience with the keys that `fetch` returns (a JWK set)."""

    def __init__(
        self, fetch: Fetch, *, issuer: str, audience: str, clock: Clock | None = None, cache: int = CACHE
    ) -> None:
        self._issuer, self._audience, self._cache_size = issuer, audience, cache
        self._clock = clock or SystemClock()
        self._keys = KeyRing(fetch, self._clock)
        self._known: OrderedDict[str, Claims] = OrderedDict()

    async def verify(self, token: str) -> Claims:
        """The claims of a valid token; raises TokenRejected, or KeysAway when nothing can be said."""
        now = self._clock.now_ms() / 1000
        if claims := self._known.get(token):
            if now >= claims.expires + LEEWAY:
                del self._known[token]
                raise rejected("expired")
            self._known.move_to_end(token)
            return claims
        claims = await self._verify(token, now)
        self._known[token] = claims
        if len(self._known) > self._cache_size:
            self._known.popitem(last=False)
        return claims

    async def _verify(self, token: str, now: float) -> Claims:
        key = await self._keys.get(_kid(token))
        if key is None:
            raise rejected("unknown_key")
        try:
            raw = jwt.decode(token, key, algorithms=[ALGORITHM], registry=REGISTRY).claims
        except (JoseError, ValueError, TypeError, KeyError, RecursionError):
            raise rejected("signature") from None
        return self._claims(raw, now)

    def _claims(self, raw: Mapping[str, Any], now: float) -> Claims:
        audience = raw.get("aud")
        if raw.get("iss") != self._issuer:
            raise rejected("issuer")
        if audience != self._audience and audience != [self._audience]:
            raise rejected("audience")
        issued, expires = _seconds(raw, "iat"), _seconds(raw, "exp")
        not_before = _seconds(raw, "nbf") if "nbf" in raw else issued
        if now >= expires + LEEWAY:
            raise rejected("expired")
        if max(issued, not_before) > now + LEEWAY:
            raise rejected("not_yet")
        subject, client, session = _text(raw, "sub"), _text(raw, "client_id"), _text(raw, "sid")
        return Claims(subject, client, session, _text(raw, "jti"), issued, expires)


class KeyRing:
    """Public keys by `kid`, fetched at first need, for an unknown kid (rarely), and every 5 minutes."""

    def __init__(self, fetch: Fetch, clock: Clock) -> None:
        self._fetch, self._clock = fetch, clock
        self._keys: dict[str, OKPKey] = {}
        self._tried = self._fetched = float("-inf")
        self._lock = asyncio.Lock()

    async def get(self, kid: str) -> OKPKey | None:
        """The key, None if nobody has it; KeysAway while no set could be fetched at all."""
        if self._wants(kid) or not self._keys:  # without any, wait for whoever fetches them now
            async with self._lock:
                if self._wants(kid):
                    await self._refresh()
        if not self._keys:
            raise KeysAway
        return self._keys.get(kid)

    def _wants(self, kid: str) -> bool:
        now = self._clock.monotonic()
        stale = kid not in self._keys or now - self._fetched > KEYS_SECONDS
        return stale and now - self._tried >= (REFETCH_SECONDS if self._keys else RETRY_SECONDS)

    async def _refresh(self) -> None:
        self._tried = self._clock.monotonic()
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                found = [OKPKey.import_key(dict(item)) for item in (await self._fetch())["keys"]]
        except Exception as error:
            log.warning("keys_not_fetched", error=type(error).__name__)
            return
        self._keys = {key.thumbprint(): key for key in found if key.curve_name == "Ed25519"}
        self._fetched = self._tried


def _kid(token: str) -> str:
    """The key id of a token whose header is exactly ours; everything else is refused before any key is touched."""
    if not isinstance(token, str) or len(token) > MAX_TOKEN or not token.isascii() or token.count(".") != 2:
        raise rejected("form")
    try:
        header = json.loads(urlsafe_b64decode(token.split(".", 1)[0] + "=="))
    except (ValueError, binascii.Error, RecursionError):
        raise rejected("header") from None
    if not isinstance(header, dict) or set(header) != {"alg", "typ", "kid"}:
        raise rejected("header")
    if header["alg"] != ALGORITHM or header["typ"] != TYPE:
        raise rejected("algorithm")
    kid = header["kid"]
    if not isinstance(kid, str) or not KID.fullmatch(kid):
        raise rejected("kid")
    return kid


def _seconds(raw: Mapping[str, Any], name: str) -> int:
    value = raw.get(name)
    if type(value) is not int or not 0 <= value < 1 << 40:
        raise rejected(name)
    return value


def _text(raw: Mapping[str, Any], name: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT:
        raise rejected(name)
    return value


def rejected(reason: str) -> TokenRejected:
    SECURITY_EVENTS.labels(f"token_{reason}").inc()
    return TokenRejected(reason)
