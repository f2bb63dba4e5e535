"""A small disk for a store: a tmpfs in a mount namespace of this process's own, gone with the process."""

import contextlib
import ctypes
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

CLONE_NEWNS = 0x0002_0000
BLOCK = bytes(64 * 1024)


def obstacle() -> str:
    """Why no small disk can be made here; empty if one can."""
    if os.geteuid() != 0:
        return "a small disk needs root"
    script = "mount -t tmpfs -o size=1m tmpfs /mnt"
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, timeout=20, check=False)
    return "" if done.returncode == 0 else "this machine allows no mounts"


@contextlib.contextmanager
def small(folder: Path, megabytes: int) -> Iterator[None]:
    """`folder` on a volume of that size, for this process and its children."""
    folder.mkdir(parents=True, exist_ok=True)
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    _run("mount", "--make-rprivate", "/")
    _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", str(folder))
    try:
        yield
    finally:
        _run("umount", "-l", str(folder))


def fill(folder: Path) -> Callable[[], None]:
    """Take what is free; the callable gives it back."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(BLOCK)
    return lambda: filler.unlink(missing_ok=True)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=20)
