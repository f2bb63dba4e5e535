"""Nothing runs from a jar that the lock does not name by its hash."""

import hashlib
from pathlib import Path

import pytest

from infra.stack.errors import StackError
from infra.stack.jars import Jar, class_path, lock_hash, locked, verify


def cached(cache: Path, content: bytes, digest: str) -> Path:
    """A cache whose one jar has `content`, and a lock that asks for `digest`."""
    lock = cache / "kafka-0.lock"
    lock.write_text(f"org.example:thing:1.0 sha256:{digest}\n")
    folder = cache / f"kafka-{lock_hash(lock)}"
    folder.mkdir()
    (folder / "thing-1.0.jar").write_bytes(content)
    return lock


def test_the_lock_lists_every_jar_once_in_class_path_order() -> None:
    names = [jar.filename for jar in locked()]
    assert len(names) == 46
    assert names == sorted(set(names))


def test_a_jar_that_matches_is_used(tmp_path: Path) -> None:
    lock = cached(tmp_path, b"jar", hashlib.sha256(b"jar").hexdigest())
    [path] = class_path(tmp_path, lambda *_: None, lock)
    assert path.name == "thing-1.0.jar"


def test_a_tampered_jar_is_refused_by_name(tmp_path: Path) -> None:
    lock = cached(tmp_path, b"tampered", hashlib.sha256(b"jar").hexdigest())
    with pytest.raises(StackError, match=r"thing-1\.0\.jar is not what .* lists.*Nothing was started"):
        class_path(tmp_path, lambda *_: None, lock)


def test_a_single_flipped_bit_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "thing-1.0.jar"
    path.write_bytes(b"jar")
    jar = Jar("org.example", "thing", "1.0", hashlib.sha256(b"jas").hexdigest())
    with pytest.raises(StackError, match=r"expected SHA-256"):
        verify(jar, path)
