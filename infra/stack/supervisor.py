"""Keeps children alive: whatever dies is started again at once, and on a signal all end in reverse order."""

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from types import FrameType

from infra.stack.child import Child, Program, rotate, words
from infra.stack.errors import StackError, StopRequested
from infra.stack.running import last_words
from infra.stack.spares import Spares

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STEADY_SECONDS = 10.0  # who lived this long starts again with a clean slate
FIRST_DELAY, LONGEST_DELAY = 0.1, 5.0  # seconds between tries of what keeps dying
ROTATE_SECONDS = 30.0

Notice = Callable[[str], None]


@dataclass
class Watched:
    """One supervised process: its present life, and how its earlier ones ended."""

    program: Program
    child: Child
    restarts: int = 0
    failures: int = 0  # deaths in a row soon after a start
    due: float | None = None  # when to start it again; None while it runs

    @property
    def state(self) -> str:
        return "running" if self.due is None else "restarting"


class Supervisor:
    """Starts, watches and ends programs; lives in the main thread, since children die with their starter.

    `changed` is called after every start and every death; `notice` gets a sentence for people.
    """

    def __init__(self, notice: Notice, changed: Callable[[], None]) -> None:
        self.watched: list[list[Watched]] = []  # tiers, in the order of their start
        self._errands: list[Child] = []
        self._spares = Spares()
        self._notice, self._changed = notice, changed
        self._stop_asked = False
        self._untold = False  # `changed` failed, and is to be called again
        self._rotated = time.monotonic()
        self._reader, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Takes the signals over; SIGCHLD wakes the loop, a stop signal ends it, a second one kills at once."""
        heard = [number for number in STOP_SIGNALS if not _under_nohup(number)]
        before = {number: signal.signal(number, self._hear) for number in heard}
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        wakeup = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)

    def start(self, tier: list[Program]) -> None:
        """Starts programs that end together, before all tiers started earlier."""
        self.watched.append([])
        for program in tier:
            self.watched[-1].append(Watched(program, Child(program)))
        self._changed()

    def errand(self, program: Program) -> None:
        """Starts something that may end when it likes and is not started again."""
        self._errands.append(Child(program))

    def keep_spares(self) -> None:
        """From now on keep an understudy for whoever has one: start-up is over, so there is time for it."""
        for watched in self.everybody():
            self._spares.keep_for(watched.program)

    def tick(self, timeout: float = 0.01) -> None:
        """Sleeps until something happens, `timeout` seconds at most, then looks after everybody.

        Raises StopRequested when a stop signal arrived.
        """
        select.select([self._reader], [], [], min(timeout, self._next_start()))
        with contextlib.suppress(BlockingIOError):
            os.read(self._reader, 4096)
        if self._stop_asked:
            raise StopRequested
        for watched in self.everybody():
            self._look_after(watched)
        self._errands = [child for child in self._errands if child.exit_code() is None]
        if self._untold:
            self._tell()
        self._attempt("An understudy cannot be started", self._spares.tend)
        self._rotate_logs()

    def run(self) -> None:
        """Watches until a stop signal arrives."""
        while True:
            self.tick(timeout=1.0)

    def everybody(self) -> list[Watched]:
        return [watched for tier in self.watched for watched in tier]

    def refuse_dying(self) -> None:
        """While starting up: raises StackError, with its last log lines, when somebody keeps dying."""
        for watched in self.everybody():
            if watched.failures >= 3:
                program = watched.program
                raise StackError(f"{program.name} keeps ending right after its start.\n{last_words(program)}")

    def stop(self) -> None:
        """Ends everybody, the last tier first, each tier at once."""
        self._stop_asked = False
        self._spares.stop()
        for child in self._errands:
            child.stop()
        for tier in reversed(self.watched):
            self._end([watched.child for watched in tier])
        self.watched.clear()
        os.close(self._reader)
        os.close(self._writer)

    def _end(self, tier: list[Child]) -> None:
        for child in tier:
            child.resume()  # who is paused cannot hear
            child.end()
        for child in tier:
            while not self._stop_asked and child.exit_code() is None and not _overdue(child):
                child.wait(0.05)
            child.kill()
            child.wait(5)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        self._stop_asked = True

    def _next_start(self) -> float:
        waits = [watched.due - time.monotonic() for watched in self.everybody() if watched.due is not None]
        return max(0.0, min(waits, default=60.0))

    def _look_after(self, watched: Watched) -> None:
        if watched.due is None:
            code = watched.child.exit_code()
            if code is not None:
                self._bury(watched, code)
        if watched.due is not None and watched.due <= time.monotonic():
            self._start_again(watched)

    def _start_again(self, watched: Watched) -> None:
        watched.restarts += 1
        try:
            watched.child, watched.due = self._spares.start(watched.program), None
        except OSError as error:  # no memory or no process slot just now
            watched.due = time.monotonic() + LONGEST_DELAY
            self._notice(f"{watched.program.name} cannot be started ({error}); trying again.")
        self._tell()

    def _bury(self, watched: Watched, code: int) -> None:
        lived = time.monotonic() - watched.child.started
        watched.failures = 1 if lived > STEADY_SECONDS else watched.failures + 1
        delay = restart_delay(watched.failures)
        watched.due = time.monotonic() + delay
        again = f"trying again in {delay:.1f} s" if delay else "started again"
        self._notice(f"{watched.program.name} ended ({words(code)}); {again}. Log: {watched.program.log}")
        self._tell()

    def _tell(self) -> None:
        """Say that something changed; who cannot note it now is asked again, and the notice comes once."""
        try:
            self._changed()
            self._untold = False
        except OSError as error:
            if not self._untold:
                self._notice(f"The state cannot be written ({error}); trying again.")
            self._untold = True

    def _rotate_logs(self) -> None:
        if time.monotonic() - self._rotated > ROTATE_SECONDS:
            self._rotated = time.monotonic()
            for watched in self.everybody():
                self._attempt("A log cannot be moved aside", partial(rotate, watched.program.log))

    def _attempt(self, words: str, chore: Callable[[], None]) -> None:
        """Housekeeping comes after the watch: a full disk or process table must not end everybody."""
        try:
            chore()
        except OSError as error:
            self._notice(f"{words} ({error}); trying again.")


def restart_delay(failures: int) -> float:
    """Seconds to wait before the next try: none after a first death, then doubling to a bound."""
    return 0.0 if failures <= 1 else min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(failures - 2, 10))


def _overdue(child: Child) -> bool:
    return child.ending_since is not None and time.monotonic() - child.ending_since > child.program.stop_seconds


def _under_nohup(number: signal.Signals) -> bool:
    return number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN
