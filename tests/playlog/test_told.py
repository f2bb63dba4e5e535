"""What status, replay and verify tell when there is little to tell."""

import asyncio
import sys
from typing import Any

import pytest
import typer
from aiokafka import TopicPartition
from rich.console import Console
from typer.testing import CliRunner, Result

from playlog import log_reader
from playlog.commands import replay as replaying
from playlog.commands import status
from playlog.commands.replay import is_bar_wanted, progress


def shown(groups: dict[str, dict[str, Any]]) -> str:
    console = Console(width=200)
    with console.capture() as captured:
        status.show(
            {"processes": [], "groups": groups, "versions": {}, "gateway": {"url": None}, "home": "h"}, console
        )
    return captured.get()


def test_given_a_kafka_that_cannot_be_asked_when_status_is_shown_then_it_says_so() -> None:
    told = shown(status.groups("127.0.0.1:1"))
    assert "Kafka cannot be asked (" in told
    assert "()" not in told
    assert "not there yet" not in told


def test_given_a_kafka_that_does_not_answer_in_time_when_status_is_shown_then_the_reason_has_a_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def late(*_: object) -> None:
        raise TimeoutError

    monkeypatch.setattr("infra.stack.lag.group_lag", late)
    assert "Kafka cannot be asked (TimeoutError)" in shown(status.groups("127.0.0.1:1"))


def test_given_a_topic_that_is_not_there_when_status_is_shown_then_it_says_that() -> None:
    told = shown({"g": {"topic": "t", "lag": None}, "h": {"topic": "t", "lag": 2}})
    assert "g on t: topic not there yet" in told
    assert "h on t: 2 records behind" in told


def replay(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    """The command on a log that has nothing for anybody."""

    async def nothing(*_: object) -> int:
        return 0

    monkeypatch.setattr(replaying, "_replay", nothing)
    app = typer.Typer()
    app.command()(replaying.replay)
    return CliRunner().invoke(app, arguments)


def test_given_nothing_that_fits_when_replay_ends_then_it_says_what_to_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = replay(monkeypatch, "--match", "11111111-1111-4111-8111-111111111111")
    assert done.exit_code == 3
    assert "No accepted outcome fits" in done.stderr
    assert done.stdout == ""


def test_given_a_match_and_a_partition_when_replay_is_asked_for_both_then_it_refuses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = replay(monkeypatch, "--match", "11111111-1111-4111-8111-111111111111", "--partition", "3")
    assert done.exit_code == 2
    assert "--partition" in done.stderr


@pytest.mark.parametrize(
    ("terminal", "follow", "wanted"), [(True, False, False), (False, False, True), (False, True, False)]
)
def test_given_where_the_lines_go_when_replay_reads_then_its_bar_does_not_stand_between_them(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, follow: bool, wanted: bool
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    assert is_bar_wanted(follow) is wanted


def test_given_a_terminal_when_verify_reads_then_it_shows_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for stream in (sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    with progress(2, shown=True) as bar:
        assert bar
    assert "Records read" in capsys.readouterr().err


class Silent:
    """A consumer that nothing comes to."""

    def assign(self, _names: list[TopicPartition]) -> None: ...

    def seek(self, _name: TopicPartition, _offset: int) -> None: ...

    def last_poll_timestamp(self, _: TopicPartition) -> None: ...

    async def getmany(self, *_: TopicPartition, **_more: int) -> dict[TopicPartition, list[Any]]:
        await asyncio.sleep(0)
        return {}


async def test_given_a_log_that_stalls_when_it_is_read_then_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_reader, "STALLED_SECONDS", 0.0)
    with pytest.raises(log_reader.LogUnreadable, match="brokers are up, then start again"):
        async for _ in log_reader.batches(Silent(), "t", {0: 1}):
            pass


async def test_given_a_log_that_is_followed_when_no_fetch_is_answered_any_more_then_it_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_reader, "STALLED_SECONDS", 0.0)
    async with asyncio.timeout(10):
        with pytest.raises(log_reader.LogUnreadable, match="no answer for"):
            async for _ in log_reader.batches(Silent(), "t", {0: 1}, follow=True):
                pass


class Idle(Silent):
    """A consumer whose fetches are answered, with nothing; after a hundred of them comes the end."""

    def __init__(self) -> None:
        self.answered = 0

    def last_poll_timestamp(self, _: TopicPartition) -> int:  # type: ignore[override]
        self.answered += 1
        if self.answered == 100:
            raise EOFError
        return self.answered


async def test_given_a_log_that_is_followed_when_fetches_bring_nothing_then_it_waits_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_reader, "STALLED_SECONDS", 0.0)
    async with asyncio.timeout(10):
        with pytest.raises(EOFError):
            async for _ in log_reader.batches(Idle(), "t", {0: 1}, follow=True):
                pass
