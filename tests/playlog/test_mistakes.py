"""What operators see when the stores are away or refuse them: one sentence that says what to do."""

import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from infra.stack.services import python
from infra.stack.settings import CLONE
from infra.stack.trial import Trial

NOBODY = "127.0.0.1:1"


def playlog(arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLAYLOG_")}
    command = [python(), "-m", "playlog", *arguments.split()]
    return subprocess.run(
        command, env={**kept, **variables}, cwd=CLONE, capture_output=True, text=True, timeout=60, check=False
    )


def sentence(done: "subprocess.CompletedProcess[str]", code: int) -> str:
    """The one line, told with that exit code; a client library may log lines of its own."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()[-1]


def test_given_no_kafka_when_topics_are_applied_then_one_sentence_says_where_it_was_sought() -> None:
    said = sentence(playlog("topics apply", PLAYLOG_KAFKA=NOBODY), 1)
    assert said.startswith(f"Kafka does not answer at {NOBODY}")
    assert "PLAYLOG_KAFKA" in said


def test_given_no_file_of_a_certificate_when_topics_are_applied_then_its_setting_is_named(tmp_path: Path) -> None:
    security = {"PROTOCOL": "SSL", "CA_FILE": str(tmp_path / "none.pem")}
    variables = {f"PLAYLOG_KAFKA_SECURITY__{name}": value for name, value in security.items()}
    assert "PLAYLOG_KAFKA_SECURITY__CA_FILE" in sentence(
        playlog("topics apply", PLAYLOG_KAFKA=NOBODY, **variables), 1
    )


def test_given_no_postgres_when_tables_are_migrated_then_one_sentence_says_so() -> None:
    said = sentence(playlog("migrate", PLAYLOG_POSTGRES_URL=f"postgresql://u:hunter2@{NOBODY}/d"), 1)
    assert said.startswith("PostgreSQL does not answer at PLAYLOG_POSTGRES_URL")
    assert "hunter2" not in said


@pytest.mark.parametrize("url", ["nonsense", "http://127.0.0.1/d", "postgresql://u:hunter2@127.0.0.1:x/d"])
def test_given_an_address_that_is_none_when_tables_are_migrated_then_its_form_is_told(url: str) -> None:
    said = sentence(playlog("migrate", PLAYLOG_POSTGRES_URL=url), 2)
    assert said.startswith("PLAYLOG_POSTGRES_URL is no address: write postgresql://")
    assert "hunter2" not in said


@pytest.mark.stack
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("password", "refuses the user or the password"),
        ("user", "refuses the user or the password"),
        ("database", "no database of the name"),
    ],
)
def test_given_a_wrong_part_of_the_address_when_tables_are_migrated_then_that_part_is_named(
    stack: Trial, change: str, words: str
) -> None:
    parts = urlsplit(stack.postgres_url)
    user = "nobody" if change == "user" else parts.username
    password = "hunter2" if change == "password" else parts.password
    place = f"{user}:{password}@{parts.hostname}:{parts.port}"
    url = urlunsplit(parts._replace(netloc=place, path="/nowhere" if change == "database" else parts.path))
    said = sentence(playlog("migrate", PLAYLOG_POSTGRES_URL=url), 2)
    assert words in said
    assert "hunter2" not in said
