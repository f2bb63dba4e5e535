"""What all tests share: the real stores, and all services on them, started once a session and ended with it."""

import asyncio
import os
import secrets
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from infra.stack import platform as all_services
from infra.stack.containers import container_trial, docker_answers
from infra.stack.platform import Platform
from infra.stack.trial import Trial, trial

# a machine that has much to do is no fault of the code under test
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

CONTAINERS = "PLAYLOG_TEST_CONTAINERS"
REDIS_DATABASE = "/5"


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """The real Kafka, Valkey and PostgreSQL: what the environment names, else containers where they are asked
    for and Docker answers, else child processes in a folder of their own."""
    if os.environ.get(CONTAINERS) == "1" and docker_answers():
        with container_trial() as running:
            yield running
    else:
        with trial(tmp_path_factory.mktemp("stack")) as running:
            yield running


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Every service as a process of its own, on stores of their own: real engines would judge what other tests
    append to the one topic of commands.

    Whoever kills or stalls one brings it back and waits for `platform.wait_ready()`.
    """
    home = tmp_path_factory.mktemp("platform")
    with (
        trial(tmp_path_factory.mktemp("platform-stores")) as stores,
        all_services.platform(home, {**os.environ, **own_databases(stores)}) as running,
    ):
        yield running


def own_databases(stack: Trial) -> Mapping[str, str]:
    """The stores' addresses, with databases that no other test writes to."""
    name = f"platform_{secrets.token_hex(4)}"
    with ThreadPoolExecutor(1) as aside:  # a thread of its own, because pytest's thread has its event loop
        aside.submit(asyncio.run, create_database(stack.postgres_url, name)).result()
    return {
        **stack.environment,
        "PLAYLOG_REDIS_URL": urlunsplit(urlsplit(stack.redis_url)._replace(path=REDIS_DATABASE)),
        "PLAYLOG_POSTGRES_URL": urlunsplit(urlsplit(stack.postgres_url)._replace(path=f"/{name}")),
    }


async def create_database(postgres_url: str, name: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
