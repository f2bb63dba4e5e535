"""Ports: configured ones are obeyed or refused in words, chosen ones are remembered."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.stack.errors import StackError
from infra.stack.ports import CHOICE, Ports, free_port, is_free
from infra.stack.settings import read


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", free_port()))
        server.listen()
        yield server.getsockname()[1]


def ports(home: Path, **environment: str) -> Ports:
    return Ports(read({"PLAYLOG_HOME": str(home), **environment}), home / "ports.json")


def test_a_taken_configured_port_is_refused_naming_the_setting(tmp_path: Path, taken_port: int) -> None:
    with pytest.raises(StackError, match=rf"Port {taken_port} \(PLAYLOG_KAFKA_PORT\) is taken"):
        ports(tmp_path, PLAYLOG_KAFKA_PORT=str(taken_port)).pick("kafka", "PLAYLOG_KAFKA_PORT")


def test_a_taken_default_port_is_refused_naming_the_setting(tmp_path: Path, taken_port: int) -> None:
    with pytest.raises(StackError, match="PLAYLOG_GATEWAY_PORT"):
        ports(tmp_path).pick("gateway", "PLAYLOG_GATEWAY_PORT", default=taken_port)


@pytest.mark.parametrize("text", ["0", "65536", "http", "-1", "\u0663"])
def test_what_is_no_port_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(StackError, match="PLAYLOG_KAFKA_PORT must be a port number"):
        ports(tmp_path, PLAYLOG_KAFKA_PORT=text).pick("kafka", "PLAYLOG_KAFKA_PORT")


def test_a_chosen_port_is_below_the_ephemeral_range_and_stays(tmp_path: Path) -> None:
    first = ports(tmp_path).pick("kafka", "PLAYLOG_KAFKA_PORT")
    assert first in CHOICE
    assert ports(tmp_path).pick("kafka", "PLAYLOG_KAFKA_PORT") == first


def test_a_remembered_port_that_is_taken_is_replaced(tmp_path: Path, taken_port: int) -> None:
    (tmp_path / "ports.json").write_text(f'{{"kafka": {taken_port}}}')
    again = ports(tmp_path).pick("kafka", "PLAYLOG_KAFKA_PORT")
    assert again != taken_port
    assert is_free(again)


def test_two_names_never_share_a_port(tmp_path: Path) -> None:
    own = ports(tmp_path)
    picked = {own.pick(name, f"PLAYLOG_{name}_PORT") for name in "abcdefgh"}
    assert len(picked) == 8
