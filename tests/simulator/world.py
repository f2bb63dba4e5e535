"""What a seed decides and what everybody shares: chance, clocks, the network's moods, the trace."""

import random
from contextvars import Context, copy_context
from hashlib import blake2b
from typing import Any

from tests.simulator.loop import PROCESS, Loop, Process
from tests.words import AT

MOST_STEPS = 120_000


class Violation(AssertionError):
    """An invariant does not hold."""


class World:
    """One run. Everything random is drawn from `chance`, so that a seed is a run."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = random.Random(seed)
        self.loop = Loop(MOST_STEPS)
        self.healed = self.loop.create_future()
        self.outside: Context = copy_context()  # of no process
        self.processes: dict[str, Process] = {}
        self.faulty = True  # until the world is healed
        self.playing = True  # until nobody begins anything any more
        self.closing = False  # the evidence is being collected
        self.all_arrived = 0.0
        self.cuts = 0  # how often a log has lost its tail
        self.problems: list[str] = []  # what must not happen and is seen at once
        self.jumped = 0  # ms by which the wall clocks were set forward so far
        self.skews: dict[str, int] = {}  # ms by process
        self.trace: list[tuple[float, str, Any]] = []
        self._clogged: dict[str, float] = {}
        self._lossy: dict[str, float] = {}
        self._rare: dict[str, bool] = {}

    def note(self, what: str, detail: Any = None) -> None:
        """A line of the trace."""
        self.trace.append((self.loop.now, what, detail))

    def digest(self) -> str:
        """The same for two runs that went the same way."""
        return blake2b(repr(self.trace).encode(), digest_size=16).hexdigest()

    def roll(self, probability: float) -> bool:
        return self.chance.random() < probability

    def buggify(self, name: str, probability: float) -> bool:
        """A rare branch, which only some runs take at all, and then often."""
        if not self.faulty:
            return False
        if name not in self._rare:
            self._rare[name] = self.roll(0.25)
        return self._rare[name] and self.roll(probability)

    def thrown_away(self, store: str) -> None:
        """A reader has erased what it had stored: right only after a log was cut."""
        if not self.cuts:
            self.problems.append(f"I6: {store} was thrown away though the log is the one that was read")

    @property
    def wall_ms(self) -> int:
        """Unix time in ms on a clock that nobody has set wrong."""
        return AT + self.jumped + round(self.loop.now * 1000)

    def wall(self) -> float:
        """Seconds since 1970 as the running process sees them."""
        process = PROCESS.get()
        skew = self.skews.get(process.name, 0) if process is not None else 0
        return (self.wall_ms + skew) / 1000

    def process(self, name: str) -> Process:
        """A fresh process in the place of the one that had this name."""
        process = self.processes[name] = Process(self.loop, name)
        return process

    def clog(self, name: str, seconds: float) -> None:
        """Nothing travels from or to `name` for a while; it is not lost."""
        self._clogged[name] = self.loop.now + seconds
        self.under_way(seconds)

    def under_way(self, seconds: float) -> None:
        """Something arrives only then; the healed world waits for it."""
        self.all_arrived = max(self.all_arrived, self.loop.now + seconds)

    def is_clogged(self, name: str) -> bool:
        return self._clogged.get(name, 0.0) > self.loop.now

    def spoil(self, name: str, share: float) -> None:
        """From now on this share of what `name` sends or is sent goes wrong somehow."""
        self._lossy[name] = share

    def heal(self) -> None:
        self.faulty = False
        self.healed.set_result(None)
        self._clogged.clear()
        self._lossy.clear()

    def wrong(self, *names: str) -> bool:
        """Whether this message goes wrong."""
        share = max((self._lossy.get(name, 0.0) for name in names), default=0.0)
        return share > 0 and self.roll(share)

    def delay(self, *names: str) -> float:
        """Seconds that a message between these takes."""
        draw = self.chance.random()
        seconds = 0.0002 + 0.002 * draw * draw
        if self._clogged:
            until = max((self._clogged.get(name, 0.0) for name in names), default=0.0)
            seconds += max(0.0, until - self.loop.now)
        return seconds

    def later(self, seconds: float, act: Any, *arguments: Any) -> Any:
        """Do something outside of every process."""
        return self.loop.call_at(self.loop.now + seconds, act, *arguments, context=self.outside)

    def at(self, when: float, act: Any, *arguments: Any) -> Any:
        return self.loop.call_at(when, act, *arguments, context=self.outside)

    def settle(self, future: Any, result: Any) -> None:
        """Answer somebody who may have gone."""
        if future.done():
            return
        if isinstance(result, BaseException):
            future.set_exception(result)
        else:
            future.set_result(result)
