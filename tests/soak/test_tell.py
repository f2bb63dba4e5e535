"""What a soak shows: sums over partitions, violations by kind, and a verdict that one sentence can spoil."""

import io

import pytest
from rich.console import Console

from tests.proof.report import Finding, Verdict
from tests.soak import tell
from tests.soak.examine import Examined
from tests.soak.million import Outcome
from tests.soak.pauses import Struck


def part(number: int, *invariants: str) -> Examined:
    findings = [Finding("I1", "one outcome each", checked=5)]
    for name in invariants:
        findings.append(Finding(name, "something", checked=1))
        findings[-1].violate(f"{name} does not hold")
    return Examined(number, Verdict(findings), commands=10, accepted=9, lost=1)


def outcome(*parts: Examined) -> Outcome:
    found = Outcome(seed=1, moves=20, sent=20, acknowledged=19, unknown=1, examined=[*parts])
    found.waits, found.began_ms, found.struck = [(1.0, 3.5), (9.0, 9.1)], 0, [Struck(2000, "redis away", 2500)]
    found.returned = [(3.0, "redis")]
    found.faults = {"redis away": 1}
    return found


def test_partitions_add_up() -> None:
    found = tell.document(outcome(part(0), part(1)))
    assert found["holds"]
    assert (found["commands"], found["lost"], found["reordered"]) == (20, 2, 0)
    assert found["players' longest pauses"][0] == {"at": 1.0, "seconds": 2.5, "faults": ["redis away at 2.0"]}
    assert found["players' pauses after a return"] == {"redis": 0.5}


def test_violations_are_counted_by_kind() -> None:
    found = tell.document(outcome(part(0, "I3", "I8"), part(1, "I4", "I9")))
    assert not found["holds"]
    assert [found[name] for name in tell.COUNTS] == [2, 1, 1]


@pytest.mark.parametrize("sentence", ["I7: redis does not reach the end", "I12: playlog verify: differs"])
def test_what_the_checker_cannot_see_spoils_the_verdict_too(sentence: str) -> None:
    found = outcome(part(0))
    found.wrong.append(sentence)
    assert not tell.document(found)["holds"]


def test_people_are_shown_figures_faults_and_what_is_wrong() -> None:
    screen = io.StringIO()
    tell.show(tell.document(outcome(part(0, "I8"))), Console(file=screen, width=tell.WIDTH))
    text = screen.getvalue()
    for words in ("wrong snapshots", "redis away", "I8 does not hold", "not all holds"):
        assert words in text
