"""f. `playlog replay` and `playlog verify` over the whole log, beside a raw consume of the same records."""

import asyncio
import os
import time

from bench import raw
from bench.figures import Figure, Report, at_least
from bench.plan import Plan
from bench.target import Target
from infra.stack.services import python
from infra.stack.settings import CLONE
from schemas.topics import MATCHES

REPLAY_BAR = 0.5
PART = "f reading"


async def measure(target: Target, plan: Plan, report: Report) -> None:
    """Outcomes a second, the start of the program taken off."""
    plan.say("replay and verify")
    count, consumed = await raw.consume(target, MATCHES.outcomes)
    start = await _run(target, "replay", "--offset", "+0")
    replay = await _run(target, "replay") - start
    verify = await _run(target, "verify") - start
    floor = count / consumed
    bar = at_least(REPLAY_BAR, count / replay / floor, f">= {REPLAY_BAR:g}x raw consume")
    report.add(
        Figure(PART, f"replay of {count:,} outcomes", count / replay, "/s", floor, "raw consume", **bar),
        Figure(PART, "verify", count / verify, "/s", floor, "raw consume"),
    )
    report.details["reading"] = {"start_seconds": start, "replay_seconds": replay, "verify_seconds": verify}


async def _run(target: Target, *arguments: str) -> float:
    """Seconds that a command takes, its output thrown away. Raises RuntimeError with its words where it fails."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(python(), "-m", "playlog", *arguments),
        env={**os.environ, **target.own.environment},
        cwd=CLONE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    if process.returncode not in (0, 3):
        raise RuntimeError(f"playlog {' '.join(arguments)} failed: {said.decode(errors='replace')}")
    return time.perf_counter() - began
