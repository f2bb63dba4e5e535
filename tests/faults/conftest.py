"""A stack and a platform for faults alone: durable stores, so that what survives a crash really was written."""

import os
from collections.abc import Iterator

import pytest

from infra.stack import platform as all_services
from infra.stack.platform import Platform
from infra.stack.trial import Trial, trial


@pytest.fixture
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """Kafka, Valkey and PostgreSQL of this test's own."""
    with trial(tmp_path_factory.mktemp("stores"), durable=True) as running:
        yield running


@pytest.fixture
def services(stores: Trial, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Every service, two engines among them."""
    home = tmp_path_factory.mktemp("services")
    with all_services.platform(home, {**os.environ, **stores.environment}) as running:
        yield running
