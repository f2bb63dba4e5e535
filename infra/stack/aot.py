"""Records Kafka's ahead-of-time cache (JEP 514) in a throw-away run: later starts take a third as long, and
a fresh broker is as fast as one that has run for a minute."""

import asyncio
import os
import shutil
import signal
import sys
from pathlib import Path
from types import FrameType

from infra.stack import java as java_runtime
from infra.stack.child import Child, Program
from infra.stack.files import alone, could_lock, private_folder
from infra.stack.home import Home
from infra.stack.jars import class_path
from infra.stack.kafka import AOT_FILES, Kafka, aot_path
from infra.stack.ports import free_port
from infra.stack.running import pause, run_all, wait_until
from infra.stack.settings import CLONE
from infra.stack.store import outstanding

ANSWER_SECONDS = 120.0  # it runs at the lowest priority
WRITE_SECONDS = 120.0
END_SECONDS = 5.0
LOCK, FOLDER = "aot.lock", "aot-recording"


def recorder(home: Home, kafka: Kafka, python: str) -> Program:
    """The errand to hand to a supervisor."""
    argv = (python, "-m", "infra.stack.aot", str(kafka.aot.parent))
    return Program("aot", "aot", argv, home.log("aot"), kafka.environment, folder=CLONE)


def main() -> None:
    """`python -m infra.stack.aot CACHE`; does nothing when another recorder is at work."""
    signal.signal(signal.SIGTERM, _leave)
    os.nice(19)
    cache = Path(sys.argv[1])
    with (private_folder(cache) / LOCK).open("w") as lock:
        if could_lock(lock.fileno()):
            record(cache, cache / FOLDER)


def present(cache: Path) -> bool:
    """Whether the next broker starts from a cache, or never will."""
    java = java_runtime.find()
    return not java.has_aot or aot_path(cache, java, class_path(cache, lambda *_: None)).exists()


def provide(cache: Path) -> None:
    """Returns when there is a cache, recorded here and now or by the recorder that is at work."""
    with alone(private_folder(cache) / LOCK):
        if not present(cache):
            record(cache, cache / FOLDER)


def record(cache: Path, folder: Path) -> None:
    """Runs a broker in `folder`, gives it work, ends it, and keeps what it wrote and the cache before it."""
    # Late, since Kafka's clients take 0.3 s to import and whoever only orders the recording should not wait.
    from infra.stack.training import train

    shutil.rmtree(folder, ignore_errors=True)
    java = java_runtime.find()
    jars = class_path(cache, lambda *_: None)
    target, port = aot_path(cache, java, jars), free_port()
    kafka = Kafka(folder, port, free_port({port}), folder / "kafka.log", java, jars, target, {**os.environ})
    run_all([outstanding(kafka)], "Kafka's folder", pause, ANSWER_SECONDS)
    child = Child(kafka.recording(folder / "kafka.aot"))
    try:
        wait_until(kafka.answers, "The broker that records", pause, ANSWER_SECONDS)
        if not asyncio.run(train(kafka.address)):
            sys.stderr.write("The training took too long: Kafka will start fast, but compile for a while.\n")
        child.end()
        child.wait(WRITE_SECONDS)
    except SystemExit:  # ended on purpose: nobody will look for a cause in what it has left
        child.kill()
        child.wait(END_SECONDS)
        shutil.rmtree(folder)
        raise
    finally:
        child.kill()
    forget(cache)
    (folder / "kafka.aot").replace(target)
    shutil.rmtree(folder)


def forget(cache: Path) -> None:
    """Make room for one more. The newest stays: another checkout on this machine may start from it."""
    newest_last = sorted(cache.glob(AOT_FILES), key=lambda file: file.stat().st_mtime)
    for earlier in newest_last[:-1]:
        earlier.unlink()


def _leave(number: int, _frame: FrameType | None) -> None:
    """Unwinds, so that the broker is killed at once instead of writing its cache for seconds."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    main()
