"""Kafka's jars: fetched by their coordinates, and used only when their SHA-256 is the one in the lock."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any

from infra.stack.errors import StackError
from infra.stack.files import alone, private_folder

LOCK = Path(__file__).with_name("kafka-4.3.1.lock")
KAFKA_VERSION = LOCK.stem.removeprefix("kafka-")
THREADS = 8
TRIES = 3

Progress = Callable[[int, int], None]
Notice = Callable[[str], None]
Arrivals = SimpleQueue[Exception | None]


def unheard(_text: str) -> None:
    """The notice of those who have nobody to tell."""


@dataclass(frozen=True)
class Jar:
    """One line of the lock: `group:artifact:version sha256:<64 hex digits>`."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def filename(self) -> str:
        return f"{self.artifact}-{self.version}.jar"

    @classmethod
    def parse(cls, line: str) -> "Jar":
        coordinates, digest = line.split()
        group, artifact, version = coordinates.split(":")
        return cls(group, artifact, version, digest.removeprefix("sha256:"))


def locked(lock: Path = LOCK) -> list[Jar]:
    """What the lock lists, in the order of the class path."""
    return sorted((Jar.parse(line) for line in lock.read_text().splitlines()), key=lambda jar: jar.filename)


def lock_hash(lock: Path = LOCK) -> str:
    """Names this very set of jars."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()[:12]


def class_path(cache: Path, progress: Progress, lock: Path = LOCK, notice: Notice = unheard) -> list[Path]:
    """The verified jars below `cache`, those that are missing fetched first.

    `progress(done, all)` is told several times a second while jars arrive, and may raise to end it. `notice` gets
    a sentence when somebody else fetches them and this one waits.
    Raises StackError, naming the jar, when one cannot be had or is not what the lock says.
    """
    folder = private_folder(cache / f"kafka-{lock_hash(lock)}")
    jars = locked(lock)
    with alone(cache / "fetch.lock", lambda: progress(0, len(jars)), notice):
        missing = [jar for jar in jars if not (folder / jar.filename).exists()]
        if missing:
            _fetch(missing, folder, cache, progress)
    paths = [folder / jar.filename for jar in jars]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(verify, jars, paths))
    return paths


def verify(jar: Jar, path: Path) -> None:
    """Raises StackError when the file is not the one the lock names."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != jar.sha256:
        raise StackError(
            f"{jar.filename} is not what {LOCK.name} lists (expected SHA-256 {jar.sha256}, found {found}). "
            f"Nothing was started. Delete {path} and start again; if it comes back wrong, do not use that source."
        )


def _fetch(jars: list[Jar], folder: Path, cache: Path, progress: Progress) -> None:
    from jgo.maven import MavenContext  # 0.3 s to import, needed once

    for left in cache.glob("maven*"):  # an interrupted fetch leaves half a jar
        shutil.rmtree(left, ignore_errors=True)
    maven = Path(tempfile.mkdtemp(prefix="maven-", dir=cache))
    context = MavenContext(repo_cache=maven, timeout=60)
    wanted, arrived, stopped = SimpleQueue[Jar](), Arrivals(), Event()
    for jar in jars:
        wanted.put(jar)
    for _ in range(THREADS):  # daemons: who stops does not wait for downloads that hang
        Thread(target=_work, args=(context, wanted, arrived, stopped, folder), daemon=True).start()
    try:
        _await(arrived, len(jars), progress)
    finally:
        stopped.set()
    shutil.rmtree(maven)


def _await(arrived: Arrivals, whole: int, progress: Progress) -> None:
    """Returns when all have arrived; raises what went wrong with the first that cannot."""
    done = 0
    while done < whole:
        try:
            if error := arrived.get(timeout=0.2):
                raise error
            done += 1
        except Empty:
            pass
        progress(done, whole)


def _work(context: Any, wanted: "SimpleQueue[Jar]", arrived: Arrivals, stopped: Event, folder: Path) -> None:
    """Fetches jar after jar, until there is none or nobody waits any more."""
    while not stopped.is_set():
        try:
            _fetch_one(context, wanted.get_nowait(), folder, stopped)
            arrived.put(None)
        except Empty:
            return
        except Exception as error:  # told where it is waited for
            arrived.put(error)


def _fetch_one(context: Any, jar: Jar, folder: Path, stopped: Event) -> None:
    """Downloads, verifies, and only then moves the jar to where it is used from."""
    arrived = _download(context, jar, stopped)
    verify(jar, arrived)
    arrived.replace(folder / jar.filename)


def _download(context: Any, jar: Jar, stopped: Event, tries: int = TRIES) -> Path:
    component = context.project(jar.group, jar.artifact).at_version(jar.version)
    try:
        return Path(component.artifact().resolve())
    except Exception as error:  # jgo raises what its HTTP client raises
        if tries > 1 and not stopped.is_set():
            return _download(context, jar, stopped, tries - 1)
        text = f"Could not fetch {jar.filename}: {error}. Check the network and start again."
        raise StackError(text) from error
