"""m. What each service holds in memory before anybody plays."""

import asyncio

from bench import processes
from bench.figures import Figure, Report, at_most
from bench.plan import Plan
from bench.target import Target

BAR_MB = 120.0
SETTLE_SECONDS = 3.0


async def measure(target: Target, plan: Plan, report: Report) -> None:
    """The largest service against the bar; all of them in the details."""
    plan.say("memory at rest")
    await asyncio.sleep(SETTLE_SECONDS)
    found = processes.resident_mb(target.pids)
    services = {name: found[name] for name in target.services}
    largest = max(services, key=lambda name: services[name])
    report.add(
        Figure(
            "m memory",
            f"largest service: {largest}",
            services[largest],
            "MB",
            **at_most(BAR_MB, services[largest]),
        )
    )
    report.details["memory_mb"] = found
