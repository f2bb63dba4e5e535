"""The table of commands: all listed, each imported only when called."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from playlog.main import COMMANDS, build

NAMES = [name for lines in COMMANDS.values() for name in lines]


@pytest.mark.parametrize("name", NAMES)
def test_help_lists_every_command(name: str) -> None:
    group, _, verb = name.rpartition(" ")
    shown = CliRunner().invoke(build(), [*group.split(), "--help"])
    assert shown.exit_code == 0
    assert verb in shown.output


def test_help_imports_no_machinery() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from playlog.main import build;"
        "assert CliRunner().invoke(build(), ['--help']).exit_code == 0;"
        "print([m for m in ('pydantic', 'fastapi', 'aiokafka', 'infra', 'playlog.commands') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip() == "[]"


def test_a_command_parses_its_own_options() -> None:
    shown = CliRunner().invoke(build(), ["up", "--help"])
    assert shown.exit_code == 0
    assert "--stores-only" in shown.output


def test_an_unknown_command_is_a_usage_error() -> None:
    assert CliRunner().invoke(build(), ["upp"]).exit_code == 2
