"""One child process: started so that it dies with its parent, logged to a file, ended politely, then firmly."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

LOG_LIMIT = 8 * 1024 * 1024  # bytes; one older file of the same size is kept
PR_SET_PDEATHSIG = 1  # prctl(2)


@dataclass(frozen=True)
class Program:
    """What to run and how to end it; `service` is the kind of process, `name` this very one."""

    name: str
    service: str
    argv: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    port: int | None = None
    host: str = "127.0.0.1"  # what it listens on
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    prefix: tuple[str, ...] = ()  # a command that becomes argv under another user
    folder: Path = Path("/")  # its working directory
    feed: bytes = field(default=b"", repr=False)  # its standard input
    input_open: bool = False  # until `hand_over`
    understudy: tuple[str, ...] | None = None  # a command that waits to become this one

    def command(self) -> list[str]:
        """The command line, wrapped so that the kernel sends `stop_signal` when the parent dies.

        The wrapper stands after the prefix: a change of user makes the kernel forget the wish.
        """
        if shutil.which("setpriv") is None:
            return [*self.prefix, *self.argv]
        death = self.stop_signal.name.removeprefix("SIG")
        return [*self.prefix, "setpriv", "--pdeathsig", death, "--", *self.argv]


class Child:
    """A started Program.

    Start it from the main thread only: the kernel's parent-death signal fires when the starting THREAD ends.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.started = time.monotonic()
        self.ending_since: float | None = None
        self._process = _spawn(program)

    def hand_over(self, program: Program, words: bytes) -> bool:
        """Tells a waiting process which program to be from now on; False when nobody is there to hear it."""
        if self._process.stdin is None:
            return False
        try:
            self._process.stdin.write(words)
        except OSError:
            return False
        finally:
            self.close_input()
        self.program, self.started = program, time.monotonic()
        return True

    def close_input(self) -> None:
        """A waiting process ends when it hears that nothing will come."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def exit_code(self) -> int | None:
        """None while it runs; negative numbers are signals. Reaps."""
        return self._process.poll()

    def end(self) -> None:
        """Asks it to end, in its own way."""
        self.ending_since = time.monotonic()
        self._send(self.program.stop_signal)

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        self._send(signal.SIGKILL)

    def pause(self) -> None:
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        self._send(signal.SIGCONT)

    def wait(self, timeout: float) -> bool:
        """Whether it ended within `timeout` seconds."""
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self) -> None:
        """Ends it, with SIGKILL when it takes longer than its `stop_seconds`."""
        self.resume()  # a paused process cannot hear the polite signal
        self.end()
        if not self.wait(self.program.stop_seconds):
            self.kill()
            self._process.wait()

    def _send(self, number: signal.Signals) -> None:
        if self.exit_code() is None:
            self._process.send_signal(number)


def words(exit_code: int) -> str:
    """An exit code for people."""
    if exit_code >= 0:
        return f"exit code {exit_code}"
    return f"killed by {signal.Signals(-exit_code).name}"


def rotate(log: Path, limit: int = LOG_LIMIT) -> None:
    """Moves a grown log aside without its writer noticing: every writer appends, so truncating is safe."""
    if log.exists() and log.stat().st_size > limit:
        shutil.copyfile(log, log.with_suffix(".log.1"))
        os.truncate(log, 0)


def _spawn(program: Program) -> subprocess.Popen[bytes]:
    program.log.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):  # on a full disk a long log must not keep anybody from starting
        rotate(program.log)
    with program.log.open("ab") as log:
        process = subprocess.Popen(
            program.command(),
            stdin=subprocess.PIPE if program.feed or program.input_open else subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**program.environment},
            cwd=program.folder,
            start_new_session=True,  # so that Ctrl-C reaches the supervisor alone
            preexec_fn=_die_with_parent(program.stop_signal),
            bufsize=0,
        )
    if process.stdin is not None and not program.input_open:
        process.stdin.write(program.feed)
        process.stdin.close()
    return process


def _die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """The same cure where `setpriv` is missing; elsewhere than on Linux there is none."""
    if shutil.which("setpriv") is not None or sys.platform != "linux":
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def ask_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel
