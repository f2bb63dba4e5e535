"""What the one verifier of access tokens refuses; each row of the attack table that a token alone can make."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from infra.clock import ManualClock
from infra.http.tokens import LEEWAY, REGISTRY, KeysAway, TokenRejected, Verifier

NOW = 1_795_000_000
KEY, OTHER = OKPKey.generate_key("Ed25519"), OKPKey.generate_key("Ed25519")
KID = KEY.thumbprint()
HEADER = {"alg": "EdDSA", "typ": "at+jwt", "kid": KID}
GOOD: dict[str, Any] = {
    "iss": "us", "aud": "them", "sub": "p1", "client_id": "program", "sid": "s1", "jti": "1",
    "iat": NOW, "exp": NOW + 600,
}  # fmt: skip


class Publisher:
    """A JWKS endpoint that counts who comes."""

    def __init__(self, *keys: OKPKey) -> None:
        self.keys, self.calls, self.away = list(keys), 0, False

    async def __call__(self) -> dict[str, Any]:
        self.calls += 1
        if self.away:
            raise OSError("away")
        return {"keys": [key.as_dict(private=False) for key in self.keys]}


class Desk:
    """A verifier with its clock and its publisher."""

    def __init__(self, *keys: OKPKey, cache: int = 100) -> None:
        self.clock, self.publisher = ManualClock(NOW * 1000), Publisher(*(keys or (KEY,)))
        self.verifier = Verifier(self.publisher, issuer="us", audience="them", clock=self.clock, cache=cache)

    async def refusal(self, token: str) -> str:
        with pytest.raises(TokenRejected) as caught:
            await self.verifier.verify(token)
        return caught.value.reason


def sign(claims: dict[str, Any] = GOOD, key: OKPKey = KEY, **header: Any) -> str:
    return raw({**HEADER, **header}, claims, key)


def raw(header: Any, claims: Any, key: OKPKey = KEY) -> str:
    """Signs whatever it is given, as an attacker's tool would."""
    head, body = part(json.dumps(header).encode()), part(json.dumps(claims).encode())
    signature = key.private_key.sign(f"{head}.{body}".encode())  # type: ignore[union-attr]
    return f"{head}.{body}.{part(signature)}"


def part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


async def test_a_good_token_is_accepted() -> None:
    token = jwt.encode(HEADER, GOOD, KEY, algorithms=["EdDSA"], registry=REGISTRY)
    claims = await Desk().verifier.verify(token)
    assert (claims.subject, claims.client, claims.token_id) == ("p1", "program", "1")
    assert await Desk().verifier.verify(sign()) == claims


@pytest.mark.parametrize("alg", ["none", "None", "nOnE", "", None, 0])
async def test_1_an_unsigned_token_is_refused(alg: Any) -> None:
    head, body, _ = sign(alg=alg).split(".")
    assert await Desk().refusal(f"{head}.{body}.") == "algorithm"


async def test_1_a_good_header_with_an_empty_signature_is_refused() -> None:
    head, body, _ = sign().split(".")
    assert await Desk().refusal(f"{head}.{body}.") == "signature"


@pytest.mark.parametrize("secret", [KEY.as_pem(private=False), json.dumps(KEY.as_dict(private=False)).encode()])
async def test_2_the_public_key_is_no_hmac_secret(secret: bytes) -> None:
    head, body = part(json.dumps({**HEADER, "alg": "HS256"}).encode()), part(json.dumps(GOOD).encode())
    mac = hmac.new(secret, f"{head}.{body}".encode(), hashlib.sha256).digest()
    assert await Desk().refusal(f"{head}.{body}.{part(mac)}") == "algorithm"


@pytest.mark.parametrize(
    "kid", ["../../etc/passwd", "' OR 1=1 --", "k" * 10_240, "a\x00b", 7, None, [], "http" + ":" * 39, ""]
)
async def test_3_a_hostile_kid_is_refused_without_a_fetch(kid: Any) -> None:
    desk = Desk()
    assert await desk.refusal(sign(kid=kid)) in ("kid", "form")
    assert desk.publisher.calls == 0


async def test_3_unknown_kids_cause_one_fetch_in_five_seconds() -> None:
    desk = Desk()
    for _ in range(10):
        assert await desk.refusal(sign(kid="x" * 43)) == "unknown_key"
    assert desk.publisher.calls == 1
    desk.clock.advance(6)
    await desk.refusal(sign(kid="x" * 43))
    assert desk.publisher.calls == 2


@pytest.mark.parametrize(
    "extra",
    [
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/cert"},
        {"jwk": OTHER.as_dict(private=False)},
        {"x5c": ["AAAA"]},
    ],
    ids=lambda extra: next(iter(extra)),
)
async def test_4_a_token_that_brings_its_key_is_refused(extra: dict[str, Any]) -> None:
    desk = Desk()
    assert await desk.refusal(sign(key=OTHER, **extra)) == "header"
    assert await desk.refusal(sign(**extra)) == "header"
    assert desk.publisher.calls == 0


@pytest.mark.parametrize("crit", [["exp"], [], "x", ["unknown"]])
async def test_5_a_critical_header_is_refused(crit: Any) -> None:
    assert await Desk().refusal(sign(crit=crit)) == "header"


BAD_TIMES = {
    "expired": {"exp": NOW - LEEWAY},
    "no exp": {"exp": None},
    "text": {"exp": "never"},
    "true": {"exp": True},
    "float": {"exp": NOW + 0.5},
    "infinite": {"exp": float("inf")},
    "not a number": {"exp": float("nan")},
    "negative": {"exp": -1},
    "huge": {"exp": 10**30},
    "issued tomorrow": {"iat": NOW + 86_400},
    "no iat": {"iat": None},
    "not before later": {"nbf": NOW + LEEWAY + 1},
    "not before text": {"nbf": "x"},
    "not before null": {"nbf": None},
}


@pytest.mark.parametrize("change", BAD_TIMES.values(), ids=BAD_TIMES.keys())
async def test_6_bad_time_claims_are_refused(change: dict[str, Any]) -> None:
    assert await Desk().refusal(sign(GOOD | change)) in ("expired", "exp", "iat", "nbf", "not_yet")


async def test_6_an_absent_exp_is_refused() -> None:
    assert await Desk().refusal(sign({k: v for k, v in GOOD.items() if k != "exp"})) == "exp"


async def test_6_the_leeway_is_at_most_thirty_seconds() -> None:
    assert LEEWAY <= 30
    desk = Desk()
    await desk.verifier.verify(sign(GOOD | {"exp": NOW - LEEWAY + 1}))
    assert await desk.refusal(sign(GOOD | {"exp": NOW - LEEWAY})) == "expired"


@pytest.mark.parametrize("typ", ["JWT", "id_token", "refresh+jwt", "at+JWT ", None, "application/at+jwt"])
async def test_7_another_kind_of_token_is_refused(typ: Any) -> None:
    assert await Desk().refusal(sign(typ=typ)) == "algorithm"


@pytest.mark.parametrize("change", [{"iss": "evil"}, {"iss": None}, {"iss": ["us"]}])
async def test_7_another_issuer_is_refused(change: dict[str, Any]) -> None:
    assert await Desk().refusal(sign(GOOD | change)) == "issuer"


@pytest.mark.parametrize("aud", ["other", None, [], ["them", "other"], "", {"them": 1}])
async def test_7_another_audience_is_refused(aud: Any) -> None:
    assert await Desk().refusal(sign(GOOD | {"aud": aud})) == "audience"


@pytest.mark.parametrize("name", ["sub", "client_id", "sid", "jti"])
@pytest.mark.parametrize("value", [None, "", 7, "x" * 257, ["p1"]])
async def test_a_required_claim_of_another_form_is_refused(name: str, value: Any) -> None:
    assert await Desk().refusal(sign(GOOD | {name: value})) == name


@pytest.mark.parametrize("claims", [[], "text", 7, None])
async def test_claims_that_are_no_object_are_refused(claims: Any) -> None:
    assert await Desk().refusal(raw(HEADER, claims)) == "signature"


async def test_a_signature_by_another_key_is_refused() -> None:
    assert await Desk().refusal(sign(key=OTHER)) == "signature"


async def test_a_changed_payload_is_refused() -> None:
    head, _, signature = sign().split(".")
    forged = part(json.dumps(GOOD | {"sub": "admin"}).encode())
    assert await Desk().refusal(f"{head}.{forged}.{signature}") == "signature"


@pytest.mark.parametrize("token", ["", ".", "..", "a.b", "a.b.c.d", "é.b.c", "x" * 5000, "!.!.!", "W10.W10.W10"])
async def test_what_is_no_token_is_refused(token: str) -> None:
    assert await Desk().refusal(token) in ("form", "header")


async def test_a_remembered_token_ends_with_its_exp() -> None:
    desk, token = Desk(), sign()
    await desk.verifier.verify(token)
    desk.clock.advance(600 + LEEWAY)
    assert await desk.refusal(token) == "expired"
    assert await desk.refusal(token) == "expired"


async def test_the_memory_of_tokens_is_bounded() -> None:
    desk = Desk(cache=10)
    for number in range(50):
        await desk.verifier.verify(sign(GOOD | {"jti": str(number)}))
    assert len(desk.verifier._known) == 10


async def test_a_refused_token_is_not_remembered() -> None:
    desk = Desk()
    await desk.refusal(sign(key=OTHER))
    assert not desk.verifier._known


async def test_a_new_key_is_found_and_an_old_one_forgotten() -> None:
    desk = Desk(KEY)
    await desk.verifier.verify(sign())
    desk.publisher.keys = [OTHER]
    desk.clock.advance(6)
    await desk.verifier.verify(sign(key=OTHER, kid=OTHER.thumbprint()))
    assert await desk.refusal(sign(GOOD | {"jti": "2"})) == "unknown_key"


async def test_known_keys_outlive_a_publisher_that_is_away() -> None:
    desk = Desk()
    await desk.verifier.verify(sign())
    desk.publisher.away = True
    desk.clock.advance(400)
    await desk.verifier.verify(sign(GOOD | {"jti": "2"}))


async def test_without_any_key_nothing_can_be_said() -> None:
    desk = Desk()
    desk.publisher.away = True
    with pytest.raises(KeysAway):
        await desk.verifier.verify(sign())


async def test_requests_that_come_during_the_first_fetch_wait_for_its_keys() -> None:
    fetching, published = asyncio.Event(), asyncio.Event()

    async def slowly() -> dict[str, Any]:
        fetching.set()
        await published.wait()
        return await Publisher(KEY)()

    verifier = Verifier(slowly, issuer="us", audience="them", clock=Desk(KEY).clock)
    first = asyncio.create_task(verifier.verify(sign()))
    await asyncio.wait_for(fetching.wait(), 5)
    second = asyncio.create_task(verifier.verify(sign()))
    asyncio.get_running_loop().call_soon(published.set)
    assert await asyncio.wait_for(first, 5) == await asyncio.wait_for(second, 5)


async def test_a_remembered_token_costs_microseconds() -> None:
    desk, token = Desk(), sign()
    await desk.verifier.verify(token)
    begun = time.perf_counter()
    for _ in range(10_000):
        await desk.verifier.verify(token)
    assert (time.perf_counter() - begun) / 10_000 < 50e-6
