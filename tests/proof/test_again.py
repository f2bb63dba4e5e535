"""Judging commands again in other processes: equal where the log is the product's, red where a byte is not."""

from dataclasses import replace

import orjson
import pytest

from tests.proof.case import Case
from tests.proof.checker import check
from tests.proof.evidence import Evidence
from tests.proof.good import good
from tests.proof.invariants.again import WAYS, judged_again

RUN = good(5, commands=40, matches=4)


@pytest.fixture
def log() -> Evidence:
    return Evidence(RUN.circumstances, commands=RUN.commands, outcomes=list(RUN.outcomes or []))


def test_the_same_bytes_come_of_every_way_of_judging_again(log: Evidence) -> None:
    finding = judged_again(Case(log), WAYS)
    assert finding.violations == []
    assert finding.checked == 2 * len(WAYS)


def test_fields_in_another_order_are_other_bytes(log: Evidence) -> None:
    assert log.outcomes is not None
    outcome = next(one for one in Case(log).accepted if one.cause == 20)
    value = orjson.dumps(dict(reversed(outcome.value.items())))
    log.outcomes[log.outcomes.index(outcome.record)] = replace(outcome.record, value=value)
    assert check(log).violated == []
    finding = judged_again(Case(log), WAYS[1:2])
    assert finding.status == "violated"
    assert "command 20 has another outcome than" in finding.violations[0].sentence


def test_a_judge_that_cannot_run_has_not_agreed(log: Evidence) -> None:
    way = WAYS[0]._replace(python="/bin/false")
    assert judged_again(Case(log), [way]).status == "violated"


def test_without_commands_nothing_is_judged_again() -> None:
    assert judged_again(Case(Evidence(outcomes=[]))).status == "not checked"
