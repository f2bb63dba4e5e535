"""The signing keys in the installation's folder: made at first start, safe when two processes start at once.

Files are `auth-0001.jwk`, `auth-0002.jwk`, ...; the newest signs, the newest two are published, so that
tokens of the one before stay good after a rotation (`rotate`, then a restart of each auth process).
"""

import json
import os
import tempfile
from pathlib import Path

from joserfc.jwk import OKPKey

PATTERN = "auth-[0-9][0-9][0-9][0-9].jwk"
PUBLISHED = 2


def load(folder: Path) -> list[OKPKey]:
    """The published keys, newest first; makes the first one where there is none."""
    if not _files(folder):
        _add(folder, 1)
    return [OKPKey.import_key(json.loads(file.read_text())) for file in _files(folder)[:PUBLISHED]]


def rotate(folder: Path) -> Path:
    """Add a new key that signs from the next start on."""
    newest = _files(folder)
    return _add(folder, int(newest[0].stem.removeprefix("auth-")) + 1 if newest else 1)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob(PATTERN), reverse=True)


def _add(folder: Path, number: int) -> Path:
    """Write a key under its final name at once and only if nobody else did: link(2) fails on an existing name."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / f"auth-{number:04}.jwk"
    handle, draft = tempfile.mkstemp(dir=folder, prefix=".draft-")  # mode 0600
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(OKPKey.generate_key("Ed25519").as_dict(private=True), file)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, target)
    except FileExistsError:
        pass  # another process was first: its key is the one
    finally:
        os.unlink(draft)
    return target
