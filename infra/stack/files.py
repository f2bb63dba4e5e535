"""Private files of a home: whole or absent, readable by their owner alone."""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Replaces `path` at once (readers see the old or the new text), mode 0600."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    temporary.replace(path)


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Waits until no other process is inside with the same lock file; the kernel lets go when a holder dies."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
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
