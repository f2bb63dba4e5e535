"""What all tests share: the real stores, started once a session and ended with it."""

import os
from collections.abc import Iterator

import pytest

from infra.stack.containers import container_trial, docker_answers
from infra.stack.trial import Trial, trial

CONTAINERS = "PLAYLOG_TEST_CONTAINERS"


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """The real Kafka, Valkey and PostgreSQL: what the environment names, else containers where they are asked
    for and Docker answers, else child processes in a folder of this session."""
    if os.environ.get(CONTAINERS) == "1" and docker_answers():
        with container_trial() as running:
            yield running
    else:
        with trial(tmp_path_factory.mktemp("stack")) as running:
            yield running
