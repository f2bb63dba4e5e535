"""Garbage collection for a process that keeps millions of objects and makes few cycles."""

import asyncio
import gc

from infra.tasks import until

LOOK_SECONDS = 1.0


async def look_at_the_young(stop: asyncio.Event) -> None:
    """Once a second look for cycles among what is new, then never look at what stayed alive again.

    The collector's own counting would walk over every poll's records, and over the state of all matches: an eighth
    of an engine's CPU. Whoever throws a whole state away calls `look_at_all`.
    """
    gc.disable()
    while not stop.is_set():
        gc.collect(0)
        gc.freeze()
        await until(stop, LOOK_SECONDS)


def look_at_all() -> None:
    """Find what older cycles keep alive; takes as long as there are objects left (0.1 s for a million).

    Where the collector counts by itself it finds them by itself.
    """
    if not gc.isenabled():
        gc.unfreeze()
        gc.collect()
        gc.freeze()
