"""Engine workers die, stall, wake up and quarrel."""

from tests.faults.row import Row
from tests.faults.scene import Scene

NEW_RULES = 2
OVER_SESSION = 4.0  # seconds; the group's session time-out is 1.5
UNDER_SESSION = 1.0
ENGINES = ("engine-1", "engine-2")
NO_CHECKPOINTS = (("PLAYLOG_CHECKPOINT_OUTCOMES", "1000000"),)  # so that there is much to fold
CRASHES = ("poll", "fence", "execute:200", "produce:20", "ack:20", "landed:20", "commit:2")


async def killed_at_random(scene: Scene) -> None:
    """Each death is followed by a start at once, or only after the other one has taken over."""
    left = scene.seconds
    while left > 0:
        pause = min(left, scene.random.uniform(1.5, 5.0))
        left -= pause
        await scene.wait(pause)
        name = scene.random.choice(ENGINES)
        scene.kill(name)
        if scene.random.random() < 0.5:
            await scene.wait(OVER_SESSION)
            left -= OVER_SESSION
        scene.start(name)
    await scene.wait(3)


async def killed_and_restarted(scene: Scene) -> None:
    for turn in range(max(2, int(scene.seconds // 4))):
        await scene.wait(4)
        scene.restart(ENGINES[turn % 2])
    await scene.wait(3)


async def killed_at_each_step(scene: Scene) -> None:
    for point in CRASHES:
        await crash(scene, "engine-1", point)
        scene.start("engine-1")
        await scene.until_ready("engine-1")
        await scene.wait(0.5)


async def crash(scene: Scene, name: str, point: str) -> None:
    """Start it so that it dies at this point, and see it die."""
    scene.target(name).stop()
    scene.launch_with(name, "--crash", point)
    scene.start(name)
    await scene.dies(name)
    scene.note(f"died at {point}", name)
    scene.launch_plainly(name)


async def killed_in_restore(scene: Scene) -> None:
    """Twice running, each time about half way through the fold."""
    await scene.wait(min(6.0, scene.seconds / 2))
    await scene.end("engine-2")
    half = max(1, len(scene.load.acknowledged) // 2)
    for _ in range(2):
        await crash(scene, "engine-1", f"restore:{half}")
    scene.start("engine-1")
    await scene.until_ready("engine-1")
    scene.start("engine-2")
    await scene.wait(3)


async def zombie(scene: Scene) -> None:
    for turn in range(max(2, int(scene.seconds // 10))):
        await scene.wait(2)
        await scene.stall(ENGINES[turn % 2], OVER_SESSION)
        await scene.wait(3)


async def short_pause(scene: Scene) -> None:
    for turn in range(max(3, int(scene.seconds // 3))):
        await scene.wait(2)
        await scene.stall(ENGINES[turn % 2], UNDER_SESSION)


async def rebalance_storm(scene: Scene) -> None:
    for _ in range(max(3, int(scene.seconds // 6))):
        await scene.end("engine-2")
        await scene.wait(3)
        scene.start("engine-2")
        await scene.wait(3)


async def old_and_new(scene: Scene) -> None:
    """A build with newer rules takes part; the old one must refuse what the new one judged."""
    await scene.wait(2)
    await scene.end("engine-2")
    scene.launch_with("engine-2", "--rules", str(NEW_RULES))
    scene.note("newer rules", "engine-2")
    scene.start("engine-2")
    await scene.until_ready("engine-2")
    await scene.wait(3)
    await scene.end("engine-2")  # its partitions go to the old build
    await scene.until(lambda: not scene.target("engine-1").running, "the old build does not refuse newer outcomes")
    scene.launch_with("engine-1", "--rules", str(NEW_RULES))
    for name in ENGINES:
        scene.start(name)
    await scene.until_ready("engine-1")
    await scene.wait(2)


async def total_stop(scene: Scene) -> None:
    """Everything dies at once, and starts in a random order, nobody waiting for anybody."""
    everything = [*scene.services.services, "kafka", "redis", "postgres"]
    await scene.wait(3)
    for name in scene.random.sample(everything, len(everything)):
        scene.kill(name)
    for name in scene.random.sample(everything, len(everything)):
        scene.start(name)
        await scene.wait(scene.random.uniform(0, 0.5))


ROWS = [
    Row("F1", "engines killed at random", killed_at_random, "I1-I7", pause=2.5),
    Row("F1b", "engines killed, restarted at once", killed_and_restarted, "I1-I7", pause=1.0, understudies=True),
    Row("F2", "engine killed at each step", killed_at_each_step, "I1-I6", rate=100),
    Row("F3", "engine killed in its restore, twice", killed_in_restore, "I3 I6 I12", environment=NO_CHECKPOINTS),
    Row("F4", "engine stalled, partitions moved, woken", zombie, "I1 I3 I4"),
    Row("F5", "engine stalled briefly", short_pause, "all"),
    Row("F18", "rebalance storm", rebalance_storm, "I1-I4"),
    Row("F33", "old and new engine together", old_and_new, "I1-I4", again=False),
    Row("F34", "everything killed, started in random order", total_stop, "all"),
]
