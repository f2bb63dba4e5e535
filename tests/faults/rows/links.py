"""Networks that delay, lose, cut and reorder: requests to the broker that arrive late, answers that never do."""

import time

from schemas.topics import MATCHES
from tests.faults.collect import Dump
from tests.faults.links import Hold
from tests.faults.raw import raw
from tests.faults.rest import accepted, sentinels
from tests.faults.row import Row
from tests.faults.rows.logs import Tail, cause, raised, renamed
from tests.faults.scene import Scene

OUTCOME, FENCE = b"org.playlog.match.outcome.v1", b"org.playlog.log.fence.v1"
OVER_DEADLINE = 6.0  # the owner waits 4 s for an acknowledgement
OVER_SESSION = 3.0
FLOW_SECONDS = 20.0


async def caught(scene: Scene, hold: Hold, what: str) -> None:
    scene.note(f"hold {what}", "engine-1")
    await scene.until(hold.caught.is_set, f"no {what} to hold")


async def delayed_write(scene: Scene) -> None:
    """An outcome lands when its owner has long given it up; then accepted ones again, and some with a hole."""
    await scene.wait(2)
    hold = scene.links.hold("engine-1", OUTCOME)
    await caught(scene, hold, "outcomes")
    await scene.wait(OVER_DEADLINE)
    scene.links.release(hold)
    await scene.wait(3)
    await forged(scene)
    await scene.wait(4)


async def forged(scene: Scene) -> None:
    """An accepted record once more, and one that skips commands, under the fence that stands."""
    tail = Tail(scene.stores.kafka_address)
    async with raw(scene.stores.kafka_address) as writer:
        for partition in range(0, 12, 4):
            last = await tail.last(partition)
            headers = [(name, value or b"") for name, value in last.headers]
            again = await writer.append(MATCHES.outcomes, partition, last.key, last.value, headers)
            hole = renamed(last, cause=cause(last) + 1000, after=cause(last) + 999)
            await writer.append(MATCHES.outcomes, partition, last.key, raised(last), hole)
            scene.note(f"repeated, and with a hole, at {again}", f"outcomes-{partition}")


async def flows(scene: Scene) -> None:
    """See every partition judge a new command; that it does not is a violation."""
    sent = await sentinels(scene)
    tail, until = Dump(scene.stores.kafka_address, MATCHES.outcomes), time.monotonic() + FLOW_SECONDS
    waiting = {one.command for one in sent}
    while waiting and time.monotonic() < until:
        await scene.wait(0.5)
        waiting -= accepted(await tail.read())
    if waiting:
        places = sorted(one.partition for one in sent if one.command in waiting)
        scene.notes.troubles.append(f"I7: partitions {places} judge nothing, {FLOW_SECONDS:.0f} s after the fault")


async def delayed_fence(scene: Scene) -> None:
    """The loser's fence arrives when the winner already works."""
    await scene.wait(3)
    hold = scene.links.hold("engine-1", FENCE)
    scene.restart("engine-1")
    await caught(scene, hold, "a fence")
    scene.kill("engine-1")
    await scene.wait(OVER_SESSION + 2)  # the other one has it all now
    scene.links.release(hold)
    scene.note("release the fence", "engine-1")
    await scene.wait(1)
    await flows(scene)  # before anything restarts: the winner has to notice by itself
    scene.start("engine-1")
    await scene.wait(3)


async def late_produce(scene: Scene) -> None:
    """Outcomes of a dead owner arrive behind its successor's fence; then one of them fits the chain by chance."""
    await scene.wait(3)
    hold = scene.links.hold("engine-1", OUTCOME)
    await caught(scene, hold, "outcomes")
    scene.kill("engine-1")
    await scene.wait(OVER_SESSION + 1)
    scene.links.release(hold)
    scene.note("release the outcomes", "engine-1")
    scene.start("engine-1")
    await scene.wait(3)
    await stale_and_fitting(scene)
    await scene.wait(3)


async def stale_and_fitting(scene: Scene) -> None:
    """What an owner of another build would write late: an old fence, the next command, another view."""
    await scene.load.lull()
    await scene.wait(2)
    tail = Tail(scene.stores.kafka_address)
    async with raw(scene.stores.kafka_address) as writer:
        for partition in range(12):
            last = await tail.last(partition)
            mark, old = await tail.watermark(partition), await tail.older_fence(partition)
            if old is None:
                continue
            headers = renamed(last, cause=mark + 1, after=mark, fence=old)
            landed = await writer.append(MATCHES.outcomes, partition, last.key, raised(last), headers)
            scene.note(f"stale and fitting, at {landed}", f"outcomes-{partition}")
    scene.load.go()


async def answer_lost(scene: Scene) -> None:
    """The broker does what it is asked, and nobody hears of it."""
    for name in ("engine-1", "gateway", "load"):
        await scene.wait(2)
        scene.note("blackhole down", name, 7)
        scene.links.block(name, "down")
        await scene.wait(7)
        scene.links.heal()
        scene.links.reset(name)


async def torn(scene: Scene) -> None:
    """Connections reset in the middle of a frame; frames in slices of one byte."""
    for name in ("engine-1", "engine-2", "session", "history", "gateway"):
        scene.note("slices", name, 2)
        scene.links.change(name, sliced=True)
        await scene.wait(2)
        scene.links.change(name, sliced=False, cut_after=3000)
        scene.note("cut after 3000 bytes", name, 2)
        await scene.wait(2)
        scene.links.change(name, cut_after=0)
        scene.note("reset", name)
        scene.links.reset(name)
        await scene.wait(1)


async def slow(scene: Scene) -> None:
    """Every unit late, then a thin line."""
    for name in ("engine-1", "session"):
        scene.note("delay 0.3 s", name, 4)
        scene.links.change(name, delay=0.3)
        await scene.wait(4)
        scene.note("20 kB/s", name, 4)
        scene.links.change(name, delay=0.0, rate=20_000)
        await scene.wait(4)
        scene.links.change(name, rate=0.0)


ROWS = [
    Row("F7", "outcomes delayed, repeated, with a hole", delayed_write, "I5 I6", links=("engine-1",)),
    Row("F8", "fence delayed until another one works", delayed_fence, "I1 I6", links=("engine-1",)),
    Row("F9", "outcomes arrive behind the next fence", late_produce, "I5 I7", links=("engine-1",)),
    Row("F10", "the broker's answers lost", answer_lost, "I1 I13", links=("engine-1", "gateway", "load")),
    Row(
        "F11",
        "connections torn, frames sliced",
        torn,
        "all",
        links=("engine-1", "engine-2", "session", "history", "gateway"),
    ),
    Row("F11b", "connections slow", slow, "all", links=("engine-1", "session")),
]
