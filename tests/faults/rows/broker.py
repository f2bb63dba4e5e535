"""The one broker dies, hangs; its topics are changed under us."""

from tests.faults.row import Row
from tests.faults.scene import Scene


async def killed(scene: Scene) -> None:
    for _ in range(max(1, int(scene.seconds // 15))):
        await scene.wait(2)
        scene.kill("kafka")
        await scene.wait(1)
        scene.start("kafka")
        await scene.answering("kafka")
        await scene.wait(8)


async def paused(scene: Scene) -> None:
    """Longer than any client waits for an answer."""
    await scene.wait(2)
    await scene.stall("kafka", max(20.0, min(45.0, scene.seconds)))
    await scene.wait(5)


ROWS = [
    Row("F12", "broker killed", killed, "I1-I7", pause=5.0, measure="back"),
    Row("F17", "broker paused past every time-out", paused, "I6"),
]
