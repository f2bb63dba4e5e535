"""Log lines: JSON with allow-listed fields, from our own loggers and the libraries' alike."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from infra import logs


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_has_the_common_fields(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("engine_worker")
    structlog.get_logger().info("restored", partition=3)
    (line,) = lines(capsys)
    assert (line["event"], line["level"], line["service"], line["partition"]) == (
        "restored", "info", "engine_worker", 3,
    )  # fmt: skip
    assert {"ts", "version"} <= set(line)


def test_a_field_off_the_list_is_dropped_and_its_name_told(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("gateway_api", fields=["stream"])
    structlog.get_logger().info("played", token="canary", email="canary", stream=1)
    (line,) = lines(capsys)
    assert line["dropped"] == ["email", "token"]
    assert line["stream"] == 1
    assert "canary" not in json.dumps(line)


def test_library_loggers_speak_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("session_worker")
    logging.getLogger("aiokafka.cluster").warning("no leader for %s", "t")
    logging.getLogger("aiokafka").info("chatter")
    logging.getLogger("uvicorn.access").info("GET /?token=canary")
    (line,) = lines(capsys)
    assert (line["event"], line["logger"], line["service"]) == (
        "no leader for t",
        "aiokafka.cluster",
        "session_worker",
    )


def test_an_exception_is_told_with_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("auth_api")
    try:
        raise ValueError("broken")
    except ValueError:
        structlog.get_logger().exception("failed")
    (line,) = lines(capsys)
    assert "ValueError: broken" in line["exception"]


def test_the_level_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("auth_api", level="warning")
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")
    assert [line["event"] for line in lines(capsys)] == ["loud"]


def test_the_console_form_is_readable(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("auth_api", fmt="console")
    structlog.get_logger().info("restored", partition=3)
    said = capsys.readouterr().err
    assert "restored" in said
    assert "partition" in said
    assert not said.startswith("{")
