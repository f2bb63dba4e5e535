"""Whose page and which address a request comes from."""

from ipaddress import ip_network

import pytest
from starlette.requests import Request

from infra.http.limits import address_key, is_loopback
from infra.http.origin import browser_of, client_address, is_proxy, is_secure, own_host
from infra.http.problems import Problem


def request(peer: str = "127.0.0.1", **headers: str) -> Request:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": pairs, "client": (peer, 1)})


def test_a_program_has_no_origin() -> None:
    assert browser_of(request(host="localhost:8000")) is None


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8000", "http://localhost:8000"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("[::1]:8000", "http://[::1]:8000"),
        ("play.example", "https://play.example"),
    ],
)
def test_our_own_page_is_let_in(host: str, origin: str) -> None:
    assert browser_of(request(host=host, origin=origin)) is not None


@pytest.mark.parametrize(
    "origin",
    [
        "null", "", "http://play.example", "https://evil.example", "https://play.example.evil.example",
        "https://play.example:444", "https://play.example/", "https://PLAY.example@evil.example", "https://[",
        "javascript://play.example", "https://",
    ],
)  # fmt: skip
def test_other_pages_are_refused(origin: str) -> None:
    with pytest.raises(Problem) as caught:
        browser_of(request(host="play.example", origin=origin))
    assert caught.value.status_code == 403


def test_a_fetch_from_another_site_without_origin_is_refused() -> None:
    with pytest.raises(Problem):
        browser_of(request(host="localhost:8000", sec_fetch_site="cross-site"))
    assert browser_of(request(host="localhost:8000", sec_fetch_site="same-origin")) is None


def test_an_empty_host_is_nobodys_own() -> None:
    with pytest.raises(Problem):
        browser_of(request(host="", origin="https://"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "9.9.9.9", "9.9.9.9"),
        ("127.0.0.1", "6.6.6.6, 9.9.9.9, 127.0.0.1", "9.9.9.9"),
        ("127.0.0.1", "9.9.9.9, <script>", "127.0.0.1"),
        ("8.8.8.8", "9.9.9.9", "8.8.8.8"),
    ],
)
def test_only_our_proxy_names_the_client(peer: str, forwarded: str, address: str) -> None:
    assert client_address(request(peer, x_forwarded_for=forwarded)) == address


@pytest.mark.parametrize(
    ("address", "trusted"),
    [
        ("172.30.71.4", True),
        ("::ffff:172.30.71.4", True),
        ("172.30.72.4", False),
        ("fd00::4", True),
        ("fd01::4", False),
        ("10.0.0.1", True),
        ("10.0.0.2", False),
        ("", False),
        ("testclient", False),
    ],
)
def test_given_networks_of_proxies_when_an_address_lies_in_one_then_it_is_believed(
    address: str, trusted: bool
) -> None:
    proxies = frozenset({ip_network("172.30.71.0/24"), ip_network("fd00::/16"), ip_network("10.0.0.1")})
    assert is_proxy(address, proxies) is trusted


def test_host_and_scheme_are_forwarded_by_our_proxy_alone() -> None:
    headers = {"host": "a", "x_forwarded_host": "B", "x_forwarded_proto": "https"}
    assert (own_host(request(**headers)), is_secure(request(**headers))) == ("b", True)
    assert (own_host(request("8.8.8.8", **headers)), is_secure(request("8.8.8.8", **headers))) == ("a", False)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("9.9.9.9", "9.9.9.9"),
        ("::ffff:9.9.9.9", "9.9.9.9"),
        ("2001:db8:0:1:2:3:4:5", "2001:db8:0:1::"),
        ("junk", "unknown"),
    ],
)
def test_an_ipv6_client_is_its_network(address: str, key: str) -> None:
    assert address_key(address) == key


def test_loopback_is_recognised() -> None:
    assert is_loopback("127.0.0.1")
    assert is_loopback("::1")
    assert not is_loopback("10.0.0.1")
    assert not is_loopback("junk")
