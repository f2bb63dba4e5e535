"""Engine workers die and stall while commands flow at 500 a second."""

import pytest

from infra.stack.platform import Platform
from infra.stack.trial import Trial
from tests.faults.scene import SECONDS, boot_seconds, play, wait

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]
SESSION = 1.5  # seconds until the group gives a dead member's partitions to another
OVER_SESSION = 4.0  # a stall longer than the group's session time-out


async def test_killed_and_restarted_at_once(stores: Trial, services: Platform) -> None:
    """Given two engines, when each is killed and started again at once, then players wait a second at most.

    On a busy machine: twice what starting an engine takes there.
    """
    boot = boot_seconds(services)

    async def fault() -> None:
        for turn in range(int(SECONDS // 4)):
            await wait(4)
            services[f"engine-{turn % 2 + 1}"].restart()
        await wait(3)

    verdict = await play(stores, services, fault, seed=1)
    assert verdict.pause <= max(1.0, 2 * boot)


async def test_killed_while_another_lives(stores: Trial, services: Platform) -> None:
    """Given two engines, when one is killed for good, then the other one goes on within 2.5 seconds."""
    boot = boot_seconds(services)

    async def fault() -> None:
        await wait(3)
        services["engine-1"].kill()
        await wait(SECONDS / 3)
        services["engine-1"].start()
        await wait(5)
        services["engine-2"].kill()
        await wait(SECONDS / 3)
        services["engine-2"].start()
        await wait(3)

    verdict = await play(stores, services, fault, seed=2)
    assert verdict.pause <= max(2.5, SESSION + 2 * boot)


async def test_stalled_beyond_the_session_and_woken(stores: Trial, services: Platform) -> None:
    """Given a stalled engine whose partitions moved, when it wakes, then nobody reads what it still writes."""

    async def fault() -> None:
        for turn in range(max(2, int(SECONDS // 12))):
            await wait(3)
            services[f"engine-{turn % 2 + 1}"].pause()
            await wait(OVER_SESSION)
            services[f"engine-{turn % 2 + 1}"].resume()
            await wait(3)

    await play(stores, services, fault, seed=3)


async def test_killed_and_stalled_in_turns(stores: Trial, services: Platform) -> None:
    """Given both faults in one run, then still nothing is lost, doubled or out of order."""

    async def fault() -> None:
        for _ in range(max(1, int(SECONDS // 14))):
            services["engine-1"].pause()
            await wait(OVER_SESSION)
            services["engine-2"].kill()
            await wait(1)
            services["engine-1"].resume()
            services["engine-2"].start()
            await wait(5)

    await play(stores, services, fault, seed=4)
