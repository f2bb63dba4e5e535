"""How the processes of one machine share its cores."""

import contextlib
import os


def take_turns() -> None:
    """Let this process, and all that it starts from now on, not push one another aside.

    A process that wakes up usually interrupts the one that runs. Here a dozen wake each other thousands of times a
    second, so on two busy cores the gateway was stopped 1,250 times a second, each time to find its caches cold.
    Linux's SCHED_BATCH (sched(7)) lets who woke up wait until the other one pauses or has had its share. Nothing
    happens where there is no such policy, or where somebody has chosen another one (chrt, nice is kept).
    """
    if hasattr(os, "SCHED_BATCH") and os.sched_getscheduler(0) == os.SCHED_OTHER:
        with contextlib.suppress(OSError):  # a sandbox may forbid it; only speed depends on it
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
