"""`make help` says what can be made."""

import re
import subprocess

from infra.stack.settings import CLONE

EXPLAINED = re.compile(r"^([^\s:#]+):.*## ", re.MULTILINE)


def test_given_the_makefile_when_help_is_asked_for_then_every_explained_target_is_listed() -> None:
    shown = subprocess.run(
        ["make", "-s", "help"], cwd=CLONE, capture_output=True, text=True, timeout=30, check=True
    ).stdout
    targets = EXPLAINED.findall((CLONE / "Makefile").read_text())
    assert "faults" in targets
    assert [line.split()[1] for line in shown.splitlines()] == targets
