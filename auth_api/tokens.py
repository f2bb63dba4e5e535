"""Tokens as pure values: what an access token says and how it is signed, how a refresh token is kept."""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.jwk import OKPKey

from infra.http.tokens import ALGORITHM, REGISTRY, TYPE

REFRESH_BYTES = 32  # 256 bits


@dataclass(frozen=True)
class Issuer:
    """Who signs, for whom, and how long an access token lives (seconds)."""

    key: OKPKey
    name: str
    audience: str
    seconds: int

    def access(self, player: str, client: str, session: str, token_id: str, now_ms: int) -> str:
        """A signed access token with the claims of RFC 9068 section 2.2, and `sid`, the session it belongs to."""
        now = now_ms // 1000
        claims: dict[str, Any] = {
            "iss": self.name,
            "aud": self.audience,
            "sub": player,
            "client_id": client,
            "sid": session,
            "jti": token_id,
            "iat": now,
            "exp": now + self.seconds,
        }
        header = {"alg": ALGORITHM, "typ": TYPE, "kid": self.key.thumbprint()}
        return jwt.encode(header, claims, self.key, algorithms=[ALGORITHM], registry=REGISTRY)


def refresh_text(secret: bytes) -> str:
    """A refresh token as the client carries it: 256 random bits in base64url."""
    return urlsafe_b64encode(secret).rstrip(b"=").decode()


def refresh_hash(token: str) -> bytes:
    """A refresh token as it is stored; a fast hash suffices for 256 random bits."""
    return hashlib.sha256(token.encode()).digest()


def public_set(keys: list[OKPKey]) -> dict[str, Any]:
    """The JWK set (RFC 7517) of the public halves."""
    return {
        "keys": [
            {**key.as_dict(private=False), "kid": key.thumbprint(), "use": "sig", "alg": ALGORITHM} for key in keys
        ]
    }
