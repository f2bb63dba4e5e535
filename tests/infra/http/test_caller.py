"""Who calls: one credential decides, cookies need an Origin, without keys nothing is decided."""

import pytest
from starlette.requests import Request

from infra.http.caller import Callers
from infra.http.problems import Problem
from tests.infra.http.test_tokens import Desk, sign


def request(method: str = "GET", **headers: str) -> Request:
    pairs = [
        (name.replace("_", "-").encode(), value.encode())
        for name, value in {"host": "localhost", **headers}.items()
    ]
    return Request({"type": "http", "method": method, "path": "/", "headers": pairs, "client": ("127.0.0.1", 1)})


async def refusal(desk: Desk, asked: Request) -> tuple[int, str]:
    with pytest.raises(Problem) as caught:
        await Callers(desk.verifier)(asked)
    return caught.value.status_code, caught.value.code


async def test_a_bearer_is_known() -> None:
    claims = await Callers(Desk().verifier)(request(authorization=f"Bearer {sign()}"))
    assert claims.subject == "p1"


async def test_a_token_whose_session_has_ended_is_not_good() -> None:
    ended = {"s1"}
    asked, callers = request(authorization=f"Bearer {sign()}"), Callers(Desk().verifier, ended=ended)
    for _ in range(2):  # a token that was verified before is not good either
        with pytest.raises(Problem) as caught:
            await callers(asked)
        assert (caught.value.status_code, caught.value.code) == (401, "invalid_token")
    ended.clear()
    assert (await callers(asked)).session == "s1"


async def test_a_browsers_cookie_is_known_on_reads_and_with_origin_on_writes() -> None:
    callers, cookie = Callers(Desk().verifier), f"playlog_access={sign()}"
    assert (await callers(request(cookie=cookie))).subject == "p1"
    assert (await callers(request("POST", cookie=cookie, origin="http://localhost"))).subject == "p1"


@pytest.mark.parametrize("host", ["play.example", "192.0.2.7:8000", "localhost.play.example", "[", ""])
async def test_given_no_tls_when_the_host_is_not_loopback_then_no_cookie_is_believed(host: str) -> None:
    both = f"playlog_access={sign()}; __Host-playlog_access={sign()}"
    assert await refusal(Desk(), request(host=host, cookie=both)) == (401, "token_required")


async def test_given_a_proxy_when_it_was_asked_for_another_name_then_our_own_does_not_make_it_loopback() -> None:
    cookie = f"playlog_access={sign()}"
    asked = request(host="127.0.0.1:8000", x_forwarded_host="play.example", cookie=cookie)
    assert await refusal(Desk(), asked) == (401, "token_required")
    asked = request(host="gateway", x_forwarded_host="[::1]:8000", cookie=cookie)
    assert (await Callers(Desk().verifier)(asked)).subject == "p1"


async def test_a_write_with_a_cookie_and_no_origin_is_refused() -> None:
    assert await refusal(Desk(), request("POST", cookie=f"playlog_access={sign()}")) == (403, "origin_required")


async def test_a_stream_for_another_site_is_refused() -> None:
    asked = request(cookie=f"playlog_access={sign()}", sec_fetch_site="cross-site")
    assert await refusal(Desk(), asked) == (403, "foreign_origin")


async def test_a_bad_header_does_not_fall_back_to_the_cookie() -> None:
    asked = request(authorization="Bearer junk", cookie=f"playlog_access={sign()}")
    assert await refusal(Desk(), asked) == (401, "invalid_token")


async def test_without_a_credential_one_is_asked_for() -> None:
    assert await refusal(Desk(), request()) == (401, "token_required")


async def test_without_keys_the_answer_is_503() -> None:
    desk = Desk()
    desk.publisher.away = True
    assert await refusal(desk, request(authorization=f"Bearer {sign()}")) == (503, "auth_away")
