"""How a service's process begins."""

import gc
from collections.abc import Iterator

import pytest

from infra import service


@pytest.fixture
def collector() -> Iterator[None]:
    """The garbage collector as other tests know it, afterwards."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.usefixtures("collector")
def test_what_is_loaded_is_never_looked_through_again() -> None:
    service.spare_the_loaded()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold()[0] == service.YOUNG_OBJECTS


@pytest.mark.usefixtures("collector")
def test_garbage_is_still_collected() -> None:
    service.spare_the_loaded()
    ring: list[object] = []
    ring.append(ring)
    del ring
    assert gc.collect() >= 1
