"""The outcome log under random schedules: every invariant holds, and each rule is shown to be needed."""

import os

import pytest

from tests.model.bugs import BUGS
from tests.model.schedule import run
from tests.model.world import Violation

SCHEDULES = int(os.environ.get("PLAYLOG_MODEL_SCHEDULES", "3000"))
FIRST = int(os.environ.get("PLAYLOG_MODEL_FIRST", "0"))  # a seed, to look at a failure again
SHARES = 8
WITHIN = 2000  # schedules in which a seeded bug must show


@pytest.mark.timeout(60 + SCHEDULES // 10)
@pytest.mark.parametrize("share", range(SHARES))
def test_every_schedule_ends_with_one_outcome_for_each_command_and_every_store_right(share: int) -> None:
    for seed in range(FIRST + share, FIRST + SCHEDULES, SHARES):
        run(seed)


@pytest.mark.parametrize("name", BUGS)
def test_without_any_one_rule_some_schedule_fails(name: str) -> None:
    with BUGS[name]() as rules:
        for seed in range(WITHIN):
            try:
                run(seed, rules)
            except Violation:
                return
    pytest.fail(f"{name} shows in none of {WITHIN} schedules")


def test_a_seed_is_a_schedule() -> None:
    for seed in range(0, 100, 10):
        one, again = run(seed).world, run(seed).world
        assert (one.commands, one.outcomes, one.now) == (again.commands, again.outcomes, again.now)


def test_the_schedules_are_worth_the_name() -> None:
    """Ignored records, lost tails and takeovers occur, or nothing would be shown."""
    worlds = [run(seed).world for seed in range(60)]
    assert sum(len(world.outcomes) - len(world.truth.accepted) for world in worlds) > 300
    assert sum(world.cuts for world in worlds) > 10
    assert sum(len({cursor.fence for cursor in world.truth.cursors}) for world in worlds) > 120
