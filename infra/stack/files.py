"""Private files of a home: whole or absent, readable by their owner alone."""

import contextlib
import fcntl
import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from infra.stack.errors import NotInTime

ALONE_SECONDS = 900.0  # longer than a first download on a slow network


def write_private(path: Path, text: str) -> None:
    """Replaces `path` at once (readers see the old or the new text), mode 0600."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    temporary.replace(path)


def could_lock(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    """Whether the lock could be had now; closing the file gives it back, as does its holder's death."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def alone(
    path: Path,
    tick: Callable[[], None] = lambda: None,
    notice: Callable[[str], None] = lambda _: None,
    timeout: float = ALONE_SECONDS,
) -> Iterator[None]:
    """Waits until no other process is inside with the same lock file, and says so by `notice`.

    `tick` is called all the while and may raise to end it. Raises NotInTime after `timeout` seconds.
    """
    with path.open("w") as lock:
        if not could_lock(lock.fileno()):
            notice(f"Another Playlog is at work in {path.parent}: waiting for it.")
        deadline = time.monotonic() + timeout
        while not could_lock(lock.fileno()):
            if time.monotonic() > deadline:
                raise NotInTime(
                    f"Another Playlog has been at work in {path.parent} for long: end it and start again."
                )
            tick()
            time.sleep(0.05)
        yield


def private_folder(path: Path) -> Path:
    """Makes `path`, for its owner only."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def secret(path: Path) -> str:
    """The password kept in `path`; drawn (192 bits) when it is not there yet."""
    if not path.exists():
        private_folder(path.parent)
        write_private(path, secrets.token_urlsafe(24))
    return path.read_text().strip()


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log, or nothing where there is no log."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 16_384))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
