"""Redis dies, hangs, forgets; hints are lost; a stalled session worker wakes up."""

from collections.abc import Callable
from functools import partial

import redis.asyncio as client

from tests.faults.row import Row
from tests.faults.scene import Scene

OVER_SESSION = 4.0


async def killed(scene: Scene) -> None:
    """It keeps nothing on disk, so it starts empty."""
    await scene.wait(3)
    scene.kill("redis")
    await scene.wait(3)
    scene.start("redis")
    await scene.answering("redis")
    await scene.wait(5)


async def flushed(scene: Scene) -> None:
    """Paused for long, then emptied by hand, then short of memory so that it evicts."""
    await scene.wait(2)
    await scene.stall("redis", min(20.0, scene.seconds / 2))
    await scene.wait(2)
    await ask(scene, "FLUSHALL")
    await scene.wait(3)
    await ask(scene, "CONFIG", "SET", "maxmemory-policy", "allkeys-random")
    await ask(scene, "CONFIG", "SET", "maxmemory", "3mb")
    await scene.wait(3)
    await ask(scene, "CONFIG", "SET", "maxmemory", "1gb")
    await ask(scene, "CONFIG", "SET", "maxmemory-policy", "noeviction")
    await ask(scene, "FLUSHALL")  # what was evicted comes back as a whole, as operators are told
    await scene.wait(3)


async def ask(scene: Scene, *command: str) -> None:
    scene.note(" ".join(command), "redis")
    connection = client.from_url(scene.stores.redis_url)
    try:
        await connection.execute_command(*command)  # type: ignore[no-untyped-call]
    finally:
        await connection.aclose()


async def hints_lost(scene: Scene) -> None:
    """What Redis says does not reach the gateway, twice; then nobody moves any more: no later hint helps."""
    for turn in range(2):
        await scene.wait(2)
        scene.note("blackhole down", "gateway:redis", 5)
        scene.links.block("gateway:redis", "down")
        await scene.wait(5)
        said = scene.said("gateway")
        scene.links.heal()
        scene.links.reset("gateway:redis")
        await scene.until(partial(reached, said), "the gateway does not come back to Redis")
        await scene.wait(0.4 if turn else 4)
    await scene.load.lull()


def reached(said: Callable[[], str]) -> bool:
    return "redis_reached" in said()


async def stale_session_worker(scene: Scene) -> None:
    """Another one takes over while it sleeps; what it has in its buffers when it wakes is old."""
    for turn in range(max(2, int(scene.seconds // 12))):
        other = scene.twin("session", f"session-{turn + 2}")
        await scene.wait(2)
        scene.note("stall", "session", OVER_SESSION)
        scene.target("session").pause()
        scene.start(other.name)
        await scene.wait(OVER_SESSION + 2)
        scene.target("session").resume()
        await scene.wait(2)
        await scene.end(other.name)
        await scene.wait(2)


async def session_worker_killed(scene: Scene) -> None:
    for _ in range(max(2, int(scene.seconds // 5))):
        await scene.wait(3)
        scene.restart("session")
    await scene.wait(3)


ROWS = [
    Row("F20", "Redis killed, starts empty", killed, "I8 I10", pause=5.0, measure="back"),
    Row("F21", "Redis paused, flushed, evicting", flushed, "I8 I10"),
    Row("F22", "hints lost", hints_lost, "I10", links=("gateway:redis",), spectators=48),
    Row("F23", "stalled session worker woken", stale_session_worker, "I8"),
    Row("F23b", "session worker killed", session_worker_killed, "I8 I10", pause=2.5, measure="seen"),
]
