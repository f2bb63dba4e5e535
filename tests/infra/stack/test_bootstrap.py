"""What runs before the virtual environment exists, and what it skips."""

import subprocess
import sys
from pathlib import Path

import pytest

from infra.stack import bootstrap


def test_it_needs_the_standard_library_alone() -> None:
    command = [sys.executable, "-I", "-S", str(bootstrap.CLONE / "infra/stack/bootstrap.py"), "nothing"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert "ModuleNotFoundError" not in done.stderr


def test_the_tools_lock_holds_every_pin_of_the_other() -> None:
    assert bootstrap.pins("venv") <= bootstrap.pins("dev")


def test_a_stamp_holds_until_a_source_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "CLONE", tmp_path)
    source, stamp = tmp_path / "source", tmp_path / "stamp"
    source.write_text("one")
    stamp.write_text(bootstrap.digest([source]))
    assert bootstrap.is_stamped(stamp, bootstrap.digest([source]))
    source.write_text("two")
    assert not bootstrap.is_stamped(stamp, bootstrap.digest([source]))


def test_what_the_build_makes_is_no_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "WEB", tmp_path)
    for name in ("src/main.ts", "index.html", "dist/index.html", "node_modules/x/y.js"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert {path.name for path in bootstrap.web_sources()} == {"main.ts", "index.html"}


def test_without_a_node_on_the_path_the_one_from_the_wheel_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    environment, npm = bootstrap.node()
    assert Path(npm[0]).name == "node"
    assert Path(npm[1]).is_file()
    assert environment["PATH"].startswith(str(Path(npm[0]).parent))
    assert bootstrap.node_version(npm[0]) >= bootstrap.NODE_SINCE


def test_an_old_node_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("node", "npm"):
        (tmp_path / name).write_text("#!/bin/sh\necho v18.19.0\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    _, npm = bootstrap.node()
    assert npm[0] != str(tmp_path / "npm")
