"""Wall clocks that are wrong by an hour."""

import importlib.util
import os
from pathlib import Path

from tests.faults.row import Row
from tests.faults.scene import Scene

HOUR = 3600
CLOCK_FILE = "clock"
SYSTEM = ("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1", "/usr/lib/faketime/libfaketime.so.1")
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
    for offset in ("+3600s", "-3600s", "+0s"):
        scene.note(f"clock {offset}", "kafka")
        (scene.folder / CLOCK_FILE).write_text(offset)
        await scene.wait(scene.seconds / 3)


def faketime() -> str:
    """The library that fakes a process's clock, where there is one."""
    named = os.environ.get("PLAYLOG_FAKETIME", "")
    package = importlib.util.find_spec("libfaketime")
    places = [named, *SYSTEM]
    if package is not None and package.origin is not None:
        places += map(str, Path(package.origin).parent.rglob("libfaketime.so.1"))
    return next((place for place in places if place and Path(place).is_file()), "")


def no_faketime() -> str:
    """Kafka's clock can only be changed from outside its process."""
    if faketime():
        return ""
    return "the broker's clock needs libfaketime: install your system's package, or name it: PLAYLOG_FAKETIME"


def faked(folder: Path) -> dict[str, str]:
    """What the broker is started with: its clock follows a file, what measures durations stays real."""
    (folder / CLOCK_FILE).write_text("+0s")
    return {
        "LD_PRELOAD": faketime(),
        "FAKETIME_TIMESTAMP_FILE": str(folder / CLOCK_FILE),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


ROWS = [
    Row("F29", "clocks of the services an hour off", services_off, "I1-I12", timed=False),
    Row(
        "F29b",
        "clock of the broker an hour off",
        broker_off,
        "I1-I12",
        obstacle=no_faketime,
        timed=False,
        kafka=faked,
    ),
]
