"""Signing keys: made once, private, also when several processes start at once; rotation keeps the older one."""

import multiprocessing
from pathlib import Path

from auth_api import keys


def first_key(folder: str) -> str:
    return keys.load(Path(folder))[0].thumbprint()


def test_the_first_start_makes_a_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    keys.load(folder)
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_later_starts_use_the_same_key(tmp_path: Path) -> None:
    assert first_key(str(tmp_path)) == first_key(str(tmp_path))


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with multiprocessing.get_context("forkserver").Pool(4) as pool:
        found = pool.map(first_key, [str(tmp_path)] * 8)
    assert len(set(found)) == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_after_a_rotation_the_new_key_signs_and_two_are_published(tmp_path: Path) -> None:
    first = first_key(str(tmp_path))
    keys.rotate(tmp_path)
    keys.rotate(tmp_path)
    published = [key.thumbprint() for key in keys.load(tmp_path)]
    assert len(published) == 2
    assert first not in published
    keys.rotate(tmp_path)
    assert keys.load(tmp_path)[1].thumbprint() == published[0]
