"""Cycles are found while they are young, and old ones when somebody asks."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from infra.garbage import look_at_all, look_at_the_young


class Ring:
    """Something that only the collector can free."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """The collector as other tests know it, afterwards."""
    yield
    gc.unfreeze()
    gc.enable()


def ring() -> "weakref.ref[Ring]":
    return weakref.ref(Ring())


async def looks(seen: "weakref.ref[Ring]") -> None:
    stop = asyncio.Event()
    looking = asyncio.create_task(look_at_the_young(stop))
    async with asyncio.timeout(10):
        while seen() is not None:
            await asyncio.wait([looking], timeout=0.01)
        stop.set()
        await looking


async def test_a_young_cycle_is_found() -> None:
    gc.disable()
    lost = ring()
    assert lost() is not None
    await looks(lost)
    assert not gc.isenabled()


async def test_what_stayed_alive_is_found_only_by_a_look_at_all() -> None:
    kept = Ring()
    lost = weakref.ref(kept)
    await looks(ring())
    del kept
    await looks(ring())
    assert lost() is not None
    look_at_all()
    assert lost() is None
