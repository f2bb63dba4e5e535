"""Wall clocks that are wrong by an hour."""

from ctypes.util import find_library
from pathlib import Path

from tests.faults.row import Row
from tests.faults.scene import Scene

HOUR = 3600
FAKETIME = ("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1", "/usr/lib/faketime/libfaketime.so.1")
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


async def set_clock(scene: Scene, name: str, seconds: int) -> None:
    scene.target(name).stop()
    scene.launch_with(name, "--clock", str(seconds))
    scene.note(f"clock {seconds:+} s", name)
    scene.start(name)
    await scene.until_ready(name)


async def broker_off(_scene: Scene) -> None:
    raise NotImplementedError


def no_faketime() -> str:
    """Kafka's clock can only be changed from outside its process."""
    if any(Path(path).exists() for path in FAKETIME) or find_library("faketime"):
        return "the row for a broker with libfaketime is not written"
    return "the broker's clock needs libfaketime, which is not installed"


ROWS = [
    Row("F29", "clocks of the services an hour off", services_off, "I1-I12"),
    Row("F29b", "clock of the broker an hour off", broker_off, "I1-I12", obstacle=no_faketime),
]
