"""Wall clocks that are wrong by an hour."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.faults.row import Row
from tests.faults.scene import Scene

HOUR = 3600
CLOCK_FILE = "clock"
SOURCE = Path(__file__).parents[1] / "wall_clock.c"
AHEAD = {"engine-1": HOUR, "session": HOUR, "engine-2": -HOUR, "history": -HOUR}


async def services_off(scene: Scene) -> None:
    """Workers an hour ahead and behind, then the other way round; then those who make and check tokens."""
    for sign in (1, -1):
        for name, seconds in AHEAD.items():
            await set_clock(scene, name, sign * seconds)
        await scene.wait(scene.seconds / 3)
    for seconds in (HOUR, -HOUR):
        for name in ("auth", "gateway"):
            await set_clock(scene, name, seconds)
        await scene.wait(scene.seconds / 3)
    for name in (*AHEAD, "auth", "gateway"):
        await set_clock(scene, name, 0)


async def set_clock(scene: Scene, name: str, seconds: int) -> None:
    scene.target(name).stop()
    scene.launch_with(name, "--clock", str(seconds))
    scene.note(f"clock {seconds:+} s", name)
    scene.start(name)
    await scene.until_ready(name)


async def broker_off(scene: Scene) -> None:
    """All deadlines follow the broker's clock; when it is set back, the log's own time stands still."""
    for offset in (HOUR, -HOUR, 0):
        scene.note(f"clock {offset:+} s", "kafka")
        (scene.folder / CLOCK_FILE).write_text(str(offset))
        await scene.wait(scene.seconds / 2)


def no_compiler() -> str:
    """Kafka's clock can only be changed from outside its process."""
    if sys.platform != "linux":
        return "the broker's clock is changed by a preloaded library, on Linux alone"
    return "" if shutil.which("cc") else "the broker's clock needs a C compiler, for a preloaded library"


def shifted(folder: Path) -> dict[str, str]:
    """What the broker is started with: its wall clock follows a file, what measures durations stays real."""
    library = folder / "wall_clock.so"
    (folder / CLOCK_FILE).write_text("0")
    command = ["cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return {"LD_PRELOAD": str(library), "WALL_CLOCK_FILE": str(folder / CLOCK_FILE)}


ROWS = [
    Row("F29", "clocks of the services an hour off", services_off, "I1-I12", timed=False),
    Row(
        "F29b",
        "clock of the broker an hour off",
        broker_off,
        "I1-I12",
        obstacle=no_compiler,
        timed=False,
        kafka=shifted,
    ),
]
