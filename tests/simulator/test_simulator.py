"""The simulation itself: seeds hold, each is one run, its faults are worth the name, and bugs turn it red."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.simulator.bugs import BUGS
from tests.simulator.run import Simulation, quiet, run

SEEDS = int(os.environ.get("PLAYLOG_SIMULATOR_SEEDS", "120"))
SHARES = 4
FAILED_ONCE = [1376]  # a sink that meets a rematch in the outcome that ended the match, and asks for the score
ROOT = Path(__file__).parents[2]
QUICK = ["B1", "B2", "B3", "B5", "B6", "B7", "B9", "B10", "B11", "B12", "watermark", "claim", "expiry"]
SOON = 150
RARE = {"watermark": 500}  # found later than the others


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    before = structlog.get_config()
    quiet()
    yield
    structlog.configure(**before)


@pytest.mark.timeout(60 + SEEDS)
@pytest.mark.parametrize("share", range(SHARES))
def test_every_seed_comes_to_rest_and_the_checker_finds_nothing(share: int) -> None:
    for seed in range(share, SEEDS, SHARES):
        result = run(seed)
        assert not result.text, f"seed {seed}: {result.text}"


@pytest.mark.parametrize("seed", FAILED_ONCE)
def test_a_seed_that_failed_once_holds(seed: int) -> None:
    assert not run(seed).text


@pytest.mark.parametrize("name", QUICK)
def test_a_seeded_bug_is_found(name: str) -> None:
    """`make simulate BUGS=1` finds every one."""
    assert any(run(seed, name).text for seed in range(RARE.get(name, SOON)))


def test_every_bug_is_out_again_when_its_run_is_over() -> None:
    before = run(3).digest
    for name in BUGS:
        run(3, name)
    assert run(3).digest == before


@pytest.mark.timeout(120)
def test_a_seed_is_the_same_run_under_every_hash_seed_unless_the_engine_uses_a_sets_order() -> None:
    assert len(set(_digests(""))) == 1
    assert len(set(_digests("B8"))) > 1


def _digests(bug: str) -> list[bytes]:
    """Of a seed, in processes with different hash seeds."""
    code = f"from tests.simulator.run import *; quiet(); print(run(5, {bug!r}, judged=False).digest)"
    return [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": str(number)},
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
        for number in (1, 2, 3)
    ]


def test_the_runs_are_worth_the_name() -> None:
    """Faults strike, records are ignored, calls get no answer, checkpoints are used."""
    ignored = faults = unknown = 0
    for seed in range(40):
        simulation = Simulation(seed)
        simulation.run()
        figures = simulation.judge().interruptions
        ignored += figures["records that do not count"]
        unknown += figures["calls by how they ended"].get("info", 0)
        faults += figures["faults"]
    assert ignored > 8
    assert unknown > 12
    assert faults > 150
