"""Processes that take turns pass that on to their children, and keep a policy that somebody has chosen."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="this system has no such policy")

POLICY_OF_A_CHILD = """
import subprocess, sys
from infra.stack.cores import take_turns
take_turns()
subprocess.run([sys.executable, "-c", "import os; print(os.sched_getscheduler(0))"], check=True)
"""


def policy_of_a_child(*prefix: str) -> int:
    command = [*prefix, sys.executable, "-c", POLICY_OF_A_CHILD]
    return int(subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout)


def test_what_is_started_takes_turns_too() -> None:
    assert policy_of_a_child() == os.SCHED_BATCH


def test_a_policy_that_somebody_has_chosen_is_kept() -> None:
    assert policy_of_a_child("chrt", "--idle", "0") == os.SCHED_IDLE
