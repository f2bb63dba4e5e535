"""An open loop: things are begun at their intended times, whether or not earlier ones are done."""

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Sequence
from random import Random

from bench.quiet import no_collector
from playlog.quantiles import quantiles

SLIP_LIMIT_MS = 5.0  # above it the load was not what it claims to be
SWITCH_SECONDS = 0.0005

Begin = Callable[[int, float], None]


def constant(rate: float, seconds: float) -> list[float]:
    """Seconds after the start at which to begin, evenly spread."""
    return [index / rate for index in range(int(rate * seconds))]


def poisson(rate: float, seconds: float, random: Random) -> list[float]:
    """The same number on average, at random moments."""
    found, at = list[float](), random.expovariate(rate)
    while at < seconds:
        found.append(at)
        at += random.expovariate(rate)
    return found


async def open_loop(schedule: Sequence[float], begin: Begin) -> list[float]:
    """Call `begin(index, intended)` on the loop at each time; late ones are begun all the same.

    Returns how late each was, in seconds; `intended` is in `time.perf_counter` seconds. A thread keeps the time,
    because a loop's own timers are a millisecond coarse.
    """
    loop, slips = asyncio.get_running_loop(), list[float]()
    done = loop.create_future()
    start = time.perf_counter() + 0.05

    def fire(index: int, intended: float) -> None:
        slips.append(max(0.0, time.perf_counter() - intended))
        begin(index, intended)
        if index == len(schedule) - 1:
            done.set_result(None)

    def keep_time() -> None:
        for index, at in enumerate(schedule):
            intended = start + at
            if (left := intended - time.perf_counter()) > 0:
                time.sleep(left)
            loop.call_soon_threadsafe(fire, index, intended)

    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    keeper = threading.Thread(target=keep_time, name="pace", daemon=True)
    try:
        with no_collector():
            keeper.start()
            await done
    finally:
        sys.setswitchinterval(before)
    return slips


def void(slips: Sequence[float]) -> str:
    """Why a run does not count; empty where it does."""
    found = quantiles(1000 * slip for slip in slips)
    if found is None or found.p99 <= SLIP_LIMIT_MS:
        return ""
    return f"slip p99 {found.p99:.1f} ms"
