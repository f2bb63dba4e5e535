"""Three brokers: restarted in turn, cut off from each other, losing the coordinator, losing the majority."""

import time

from infra.kafka.client import admin
from schemas.topics import MATCHES
from tests.faults.row import Row
from tests.faults.scene import Scene

BROKERS = ("broker-1", "broker-2", "broker-3")
CUT_SECONDS = 14.0  # longer than a broker's session and a replica's time to lag
DOWN_SECONDS = 8.0
GRACE = 1.5
TAKEN = (200, 201, 202)


async def rolling_restart(scene: Scene) -> None:
    for name in BROKERS:
        await scene.wait(3)
        await scene.end(name)
        scene.start(name)
        await scene.answering(name)
        await whole(scene)


async def whole(scene: Scene) -> None:
    """Wait until every replica of our topics follows."""
    client = admin(scene.stores.kafka_address)
    await client.start()
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            topics = await client.describe_topics([MATCHES.commands, MATCHES.outcomes])
            partitions = [partition for topic in topics for partition in topic["partitions"]]
            if partitions and all(len(partition["isr"]) == len(BROKERS) for partition in partitions):
                return
            await scene.wait(0.5)
    finally:
        await client.close()


async def no_command_failed(scene: Scene) -> list[str]:
    """A rolling restart is no fault that clients should notice."""
    refused = [event for event in scene.notes.history if event.kind == "info"]
    wrong = [f"{len(refused)} requests got no answer or 503"] if refused else []
    return wrong + ([f"{scene.load.unknown} commands were never acknowledged"] if scene.load.unknown else [])


async def cut_from_peers(scene: Scene) -> None:
    """One broker hears nothing of the others, and clients still reach it; it leads a third of the partitions."""
    for number in scene.random.sample((1, 2, 3), 1 if scene.seconds < 40 else 2):
        await scene.wait(3)
        scene.note("cut from its peers", f"broker-{number}", CUT_SECONDS)
        for other in (1, 2, 3):
            who = ("up", "down") if other == number else (f"broker-{number}",)
            scene.links.block(f"peer-{other}", *who)
            scene.links.block(f"controller-{other}", *who)
        await scene.wait(CUT_SECONDS)
        scene.links.heal()
        await scene.wait(5)


async def coordinator_dies(scene: Scene) -> None:
    """The broker that coordinates the engines' group, then the session workers'."""
    for service in ("engine", "session"):
        await scene.wait(3)
        client = admin(scene.stores.kafka_address)
        await client.start()
        try:
            node = await client.find_coordinator(MATCHES.group(service))
        finally:
            await client.close()
        scene.kill(f"broker-{node}")
        await scene.wait(8)
        scene.start(f"broker-{node}")
        await scene.answering(f"broker-{node}")
        await whole(scene)


async def majority_down(scene: Scene) -> None:
    """Nothing can be promised meanwhile, so nothing is."""
    await scene.wait(3)
    down = scene.random.sample(BROKERS, 2)
    for name in down:
        scene.kill(name)
    began = time.monotonic()
    await scene.wait(DOWN_SECONDS)
    ended = time.monotonic()
    for name in down:
        scene.start(name)
    for name in down:
        await scene.answering(name)
    taken = [
        event
        for event in scene.notes.history
        if event.action == "command" and event.kind == "ok" and began + GRACE < event.at < ended
    ]
    fresh = [event for event in taken if event.status in TAKEN and not _answered_before(scene, event.key, began)]
    if fresh:
        scene.notes.troubles.append(f"{len(fresh)} commands were taken while two of three brokers were down")
    await whole(scene)
    await scene.wait(3)


def _answered_before(scene: Scene, key: str | None, began: float) -> bool:
    """Whether a command was sent while the log could still take it."""
    return any(event.key == key and event.kind == "invoke" and event.at < began for event in scene.notes.history)


ROWS = [
    Row(
        "F13", "rolling restart, 3 brokers", rolling_restart, "all", brokers=3, rate=100, closing=no_command_failed
    ),
    Row("F14", "broker cut from its peers, 3 brokers", cut_from_peers, "I1-I6", brokers=3, rate=100),
    Row("F15", "coordinator dies, 3 brokers", coordinator_dies, "I6 I7", brokers=3, rate=100),
    Row("F16", "2 of 3 brokers down", majority_down, "I1-I7", brokers=3, rate=100),
]
