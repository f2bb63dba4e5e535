"""demo, replay and verify as operators run them, on all services and real stores."""

import json
import os
import subprocess
from typing import Any

import pytest

from infra.stack.platform import Platform
from infra.stack.services import python
from infra.stack.settings import CLONE

pytestmark = pytest.mark.stack


class Shell:
    """Runs `playlog` where the platform's stores are named by the environment."""

    def __init__(self, platform: Platform) -> None:
        self._environment = {**os.environ, **platform.environment}
        self.url = platform.url

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [python(), "-m", "playlog", *arguments],
            env=self._environment,
            cwd=CLONE,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def lines(self, *arguments: str) -> list[dict[str, Any]]:
        done = self.run("replay", *arguments)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def shell(platform: Platform) -> Shell:
    platform.wait_ready()
    return Shell(platform)


@pytest.fixture(scope="module")
def played(shell: Shell) -> dict[str, Any]:
    """What a demo of both games reports."""
    reports = []
    for game in ("rpsfw", "rps"):
        done = shell.run("demo", "--url", shell.url, "--game", game, "--matches", "3", "--json")
        assert done.returncode == 0, done.stderr
        reports.append(json.loads(done.stdout))
    return dict(reports[-1])


def test_a_demo_plays_whole_matches_and_tells_how_fast(played: dict[str, Any]) -> None:
    assert len(played["matches"]) == 3
    assert played["throws"] >= 3 * 8
    for measured in played["latencies_ms"].values():
        assert measured["size"] == played["throws"]
        assert 0 < measured["p50"] <= measured["p99"] <= measured["max"]


def test_replay_prints_one_match_in_order(shell: Shell, played: dict[str, Any]) -> None:
    match = played["matches"][-1]
    found = shell.lines("--match", match)
    assert {line["key"] for line in found} == {match}
    assert [line["outcome"]["version"] for line in found] == list(range(1, len(found) + 1))
    assert found[-1]["outcome"]["public"]["status"] == "ended"


def test_replay_of_a_range_is_a_part_of_the_whole(shell: Shell, played: dict[str, Any]) -> None:
    one, two = ([*{line["partition"] for line in shell.lines()}] * 2)[:2]  # where the matches fell
    whole = shell.lines("--partition", str(one), "--partition", str(two))
    assert {line["partition"] for line in whole} == {one, two}
    middle = [line for line in whole if 2 <= line["offset"] < 9]
    found = shell.lines("-p", str(one), "-p", str(two), "-o", "2:9")
    assert sorted(map(place, found)) == sorted(map(place, middle))
    since = f"@{played_at(whole[-1])}"
    assert place(whole[-1]) in map(place, shell.lines("-p", str(whole[-1]["partition"]), "-o", since))


def place(line: dict[str, Any]) -> tuple[int, int]:
    return line["partition"], line["offset"]


def played_at(line: dict[str, Any]) -> int:
    return int(line["outcome"]["at"])


def test_replay_says_when_nothing_is_found(shell: Shell, played: dict[str, Any]) -> None:
    assert shell.run("replay", "--match", "11111111-1111-4111-8111-111111111111").returncode == 3
    assert shell.run("replay", "--offset", "nonsense").returncode == 2


def test_verify_finds_the_log_equal(shell: Shell, played: dict[str, Any]) -> None:
    done = shell.run("verify", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["equal"]
    assert report["difference"] is None
    assert report["matched"] == len(shell.lines()) >= played["throws"]
    assert "No difference" in shell.run("verify").stdout


def test_a_demo_without_a_gateway_says_so(shell: Shell) -> None:
    done = shell.run("demo", "--url", "http://127.0.0.1:1", "--matches", "1")
    assert done.returncode == 1
    assert "cannot be reached" in done.stderr


def test_without_kafka_they_say_where_they_looked(shell: Shell) -> None:
    done = subprocess.run(
        [python(), "-m", "playlog", "verify"],
        env={**os.environ, "PLAYLOG_KAFKA": "127.0.0.1:1"},
        cwd=CLONE,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 1
    assert "127.0.0.1:1" in done.stderr
