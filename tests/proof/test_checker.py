"""The checker stands alone, says what it could not check, and repeats its verdict on saved evidence."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.proof.checker import check
from tests.proof.evidence import Evidence, Record
from tests.proof.good import good
from tests.proof.invariants.again import ROOT
from tests.proof.report import merged
from tests.proof.saved import save

PRODUCT = (
    "schemas",
    "infra",
    "engine_worker",
    "session_worker",
    "history_sink",
    "gateway_api",
    "auth_api",
    "playlog",
)
LOADED = (
    "import sys, tests.proof.__main__, tests.proof.wishes; print(*{name.split('.')[0] for name in sys.modules})"
)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_the_checker_loads_nothing_of_the_product() -> None:
    loaded = run("-c", LOADED)
    assert loaded.returncode == 0, loaded.stderr
    assert "orjson" in loaded.stdout.split()
    assert set(PRODUCT) & set(loaded.stdout.split()) == set()


def test_without_evidence_nothing_is_held() -> None:
    verdict = check(Evidence())
    assert {one.status for one in verdict.findings} == {"not checked"}
    assert all(one.reason for one in verdict.findings)
    assert not verdict.holds


def test_empty_evidence_holds_nothing_either() -> None:
    empty = Evidence(
        history=[], commands=[], outcomes=[], redis_matches=[], redis_results=[], events=[], readings=[]
    )
    verdict = check(empty)
    assert {one.status for one in verdict.findings} == {"not checked"}


def test_evidence_that_cannot_be_followed_is_red() -> None:
    evidence = good(1, commands=20, matches=2)
    records = evidence.outcomes or []
    index = next(i for i, record in enumerate(records) if record.value and b"command_id" in record.value)
    records[index] = replace(records[index], value=b"not json")
    verdict = check(evidence)
    assert "I3" in verdict.violated
    assert "cannot be followed" in verdict["I3"].violations[0].sentence


def test_a_command_answered_while_things_move_may_wait_for_its_outcome() -> None:
    evidence = good(2, commands=30, matches=3)
    moving = Evidence(
        replace(evidence.circumstances, rest=False), history=evidence.history, commands=evidence.commands
    )
    last: Record = max(evidence.outcomes or [], key=lambda record: (record.partition, record.offset))
    moving.outcomes = [record for record in evidence.outcomes or [] if record != last]
    assert check(moving).violated == []
    moving.circumstances = replace(moving.circumstances, rest=True)
    assert "I4" in check(moving).violated


def test_verdicts_over_parts_are_one_verdict() -> None:
    right, wrong = good(4, commands=20, matches=2), good(4, commands=20, matches=2)
    (wrong.events or []).pop()
    parts = [check(right), check(wrong)]
    whole = merged(parts, "both")
    assert whole.violated == ["I9"]
    assert whole["I9"].checked == sum(part["I9"].checked for part in parts)
    assert whole.unchecked == ["I12", "I14"]


@pytest.mark.parametrize("wrong", [False, True])
def test_a_verdict_is_repeated_from_its_folder(tmp_path: Path, wrong: bool) -> None:
    evidence = good(4, commands=20, matches=2)
    if wrong:
        (evidence.events or []).pop()
    save(evidence, tmp_path)
    told = run("-m", "tests.proof", str(tmp_path), "--json")
    assert told.returncode == (1 if wrong else 0), told.stderr
    verdict = json.loads(told.stdout)
    red = [one["invariant"] for one in verdict["findings"] if one["status"] == "violated"]
    assert red == (["I9"] if wrong else [])
    assert verdict["label"] == "a good run"


def test_a_folder_without_evidence_is_no_verdict(tmp_path: Path) -> None:
    told = run("-m", "tests.proof", str(tmp_path))
    assert (told.returncode, told.stdout) == (2, "")
