"""A run in which nothing is wrong is green in every invariant that one run can show."""

import pytest

from tests.proof.checker import check
from tests.proof.good import good
from tests.proof.invariants import INVARIANTS


@pytest.mark.parametrize("seed", range(8))
def test_a_good_run_holds(seed: int) -> None:
    verdict = check(good(seed))
    assert verdict.violated == [], verdict.text()
    assert verdict.unchecked == ["I12", "I14"]
    assert len(verdict.findings) == len(INVARIANTS) == 20
