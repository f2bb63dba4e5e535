"""A home: one owner, private files, settings from a file below the environment's."""

import fcntl
import os
import threading
from pathlib import Path

import pytest

from infra.stack import settings
from infra.stack.errors import StackError
from infra.stack.files import secret, write_private
from infra.stack.home import Home


def test_nobody_owns_a_home_that_was_never_used(tmp_path: Path) -> None:
    assert Home(tmp_path / "new").owner() is None
    assert Home(tmp_path / "new").read_state() == {}


def test_a_claimed_home_cannot_be_claimed_again(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with home.claimed(), pytest.raises(StackError, match="already runs"), home.claimed():
        pass
    assert home.owner() is None


def test_the_state_is_private_and_whole(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.make()
    home.write_state({"redis": {"url": "redis://:secret@127.0.0.1:1/0"}})
    assert home.state_file.stat().st_mode & 0o777 == 0o600
    assert home.path.stat().st_mode & 0o777 == 0o700
    assert home.read_state()["redis"]["url"].endswith("/0")


def test_a_secret_is_drawn_once(tmp_path: Path) -> None:
    first = secret(tmp_path / "new" / "password")
    assert len(first) == 32
    assert secret(tmp_path / "new" / "password") == first
    assert (tmp_path / "new" / "password").stat().st_mode & 0o777 == 0o600


def test_a_private_file_stays_private_when_replaced(tmp_path: Path) -> None:
    (tmp_path / "file").touch(mode=0o644)
    write_private(tmp_path / "file", "new")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600


def test_a_settings_file_is_read_and_comments_are_not(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text('# a comment\n#PLAYLOG_KAFKA=a:1\n\nPLAYLOG_HOME = "/x"\nPLAYLOG_REDIS_URL=redis://h/0?a=b\n')
    assert settings.dotenv(path) == {"PLAYLOG_HOME": "/x", "PLAYLOG_REDIS_URL": "redis://h/0?a=b"}


def test_an_empty_setting_is_an_absent_one() -> None:
    read = settings.read({"PLAYLOG_KAFKA": "", "PLAYLOG_HOME": "", "PLAYLOG_KAFKA_PORT": ""})
    assert read.kafka is None
    assert read.home == settings.CLONE / ".playlog"
    assert read.port("PLAYLOG_KAFKA_PORT") is None


def test_given_a_state_left_behind_when_a_home_is_claimed_then_it_is_gone_before_the_owner_shows(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path / "home")
    home.make()
    home.write_state({"ready": True})
    with home.claimed():
        assert home.owner() == os.getpid()
        assert home.read_state() == {}


def test_given_somebody_who_asks_for_the_owner_when_the_home_is_claimed_then_it_is_not_refused(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path / "home")
    home.make()
    with home.lock_file.open("w") as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)
        threading.Timer(0.03, fcntl.flock, (asking.fileno(), fcntl.LOCK_UN)).start()
        with home.claimed():
            assert home.owner() == os.getpid()
