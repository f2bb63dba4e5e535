"""The folder one stack lives in: its lock, its state file, its logs."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.stack.errors import StackError
from infra.stack.files import could_lock, private_folder, write_private

LOOK_SECONDS = 0.2  # who asks for the owner holds the lock for an instant


@dataclass(frozen=True)
class Home:
    """Paths below `PLAYLOG_HOME`; nothing outside it belongs to a stack, save the shared cache."""

    path: Path

    @property
    def run(self) -> Path:
        return self.path / "run"

    @property
    def state_file(self) -> Path:
        return self.run / "state.json"

    @property
    def lock_file(self) -> Path:
        return self.run / "lock"

    def log(self, name: str) -> Path:
        return self.path / "logs" / f"{name}.log"

    def make(self) -> None:
        """Creates the folders, for their owner only."""
        for folder in (self.path, self.run, self.path / "logs"):
            private_folder(folder)

    @contextlib.contextmanager
    def claimed(self) -> Iterator[None]:
        """Holds the lock of this home; raises StackError when another supervisor has it.

        The state that a killed supervisor left is gone before the new owner shows.
        """
        self.make()
        with self.lock_file.open("a+") as lock:
            deadline = time.monotonic() + LOOK_SECONDS
            while not could_lock(lock.fileno()):
                if time.monotonic() > deadline:
                    raise self._owned()
                time.sleep(0.005)
            self.state_file.unlink(missing_ok=True)
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def refuse_owned(self) -> None:
        """Raises StackError when a supervisor runs on this home."""
        if self.owner() is not None:
            raise self._owned()

    def _owned(self) -> StackError:
        return StackError(
            f"Playlog already runs on {self.path} (process {self.owner()}): see `playlog status`, "
            "stop it with `playlog down`, or set PLAYLOG_HOME to another folder."
        )

    def owner(self) -> int | None:
        """The process id of the supervisor that runs on this home now; None when there is none.

        Only the holder of the lock writes its id, and the kernel drops the lock when it dies, so the id cannot
        be another program's.
        """
        try:
            with self.lock_file.open() as lock:
                return None if could_lock(lock.fileno(), fcntl.LOCK_SH) else int(lock.read() or 0) or None
        except FileNotFoundError:
            return None

    def write_state(self, state: dict[str, Any]) -> None:
        """For `playlog status`, `down` and tests; holds passwords, hence private."""
        write_private(self.state_file, json.dumps(state, indent=1))

    def read_state(self) -> dict[str, Any]:
        """What the supervisor last wrote, or nothing."""
        try:
            return dict(json.loads(self.state_file.read_text()))
        except FileNotFoundError:
            return {}
