"""An event loop whose time is virtual and whose callbacks belong to processes that can be stopped and killed."""

import asyncio
import heapq
import itertools
import sys
import warnings
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from contextvars import Context, ContextVar, copy_context
from typing import Any
from unittest.mock import patch

MOST_AT_ONCE = 3000  # callbacks without time passing


class Process:
    """What SIGKILL, SIGSTOP and SIGCONT act on: everything that runs in the context of `start`."""

    def __init__(self, loop: "Loop", name: str) -> None:
        self.loop, self.name = loop, name
        self.alive = True
        self.parked: list[Handle] | None = None  # what would have run since it was stopped
        self.context = copy_context()
        self.context.run(PROCESS.set, self)

    @property
    def runs(self) -> bool:
        return self.alive and self.parked is None

    def start(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        """Run a coroutine as a part of this process."""
        task: Task = self.loop.create_task(work, context=self.context.copy())
        return task

    def at(self, when: float, act: Callable[[], None]) -> None:
        """Call something from this process's own loop: what a socket brings."""
        self.loop.call_at(when, act, context=self.context)

    def kill(self) -> None:
        """Nothing of it ever runs again, not even what stands in a `finally`."""
        self.alive, self.parked = False, None

    def stop(self) -> None:
        if self.parked is None:
            self.parked = []

    def resume(self) -> None:
        parked, self.parked = self.parked, None
        self.loop.ready.extend(parked or ())


PROCESS: ContextVar[Process | None] = ContextVar("process", default=None)


class Handle:
    """A planned callback, as asyncio wants it."""

    __slots__ = ("args", "callback", "context", "time")

    def __init__(self, time: float, callback: Any, args: Any, context: Context) -> None:
        self.time, self.callback, self.args, self.context = time, callback, args, context

    def cancel(self) -> None:
        self.callback = None

    def cancelled(self) -> bool:
        return self.callback is None

    def when(self) -> float:
        return self.time


class Task(asyncio.Task[Any]):
    """Hashed by number, so that the order of a set of tasks is the same in every run."""

    _log_destroy_pending: bool  # asyncio's own

    def __init__(self, coro: Any, number: int, **more: Any) -> None:
        self.number = number
        super().__init__(coro, **more)

    def __hash__(self) -> int:
        return self.number


class Future(asyncio.Future[Any]):
    """The same for futures."""

    def __init__(self, number: int, **more: Any) -> None:
        self.number = number
        super().__init__(**more)

    def __hash__(self) -> int:
        return self.number


class Stuck(AssertionError):
    """Callbacks follow one another without time passing, or without end."""


class Loop:
    """As much of asyncio's loop as tasks, futures and time-outs need.

    It runs callbacks in the order they were planned; time jumps to the next one when nothing is left to do.
    """

    def __init__(self, most: int) -> None:
        self.now = 0.0
        self.ready: deque[Handle] = deque()
        self.steps, self.most = 0, most
        self._timers: list[tuple[float, int, Handle]] = []
        self._numbers = itertools.count()
        self._tasks: list[Task] = []
        self.generators: list[Any] = []  # asynchronous ones

    def run(self, until: Callable[[], bool]) -> None:
        """Run callbacks until `until()`, which is asked after each, or until nothing is planned."""
        ready, timers = self.ready, self._timers
        while not until():
            turn = self.steps + MOST_AT_ONCE
            while ready:
                handle = ready.popleft()
                callback = handle.callback
                if callback is None:
                    continue
                process = handle.context.get(PROCESS)
                if process is not None and not process.runs:
                    if process.parked is not None:
                        process.parked.append(handle)
                    continue
                self.steps += 1
                if self.steps > turn:
                    raise Stuck(f"{process.name if process else 'nobody'} is busy and no time passes: {callback}")
                handle.context.run(callback, *handle.args)
            if self.steps > self.most:
                raise Stuck(f"more than {self.most} callbacks in {self.now:.1f} s")
            if not timers:
                return
            self.now, _, handle = heapq.heappop(timers)
            if handle.callback is not None:
                ready.append(handle)

    def time(self) -> float:
        return self.now

    def call_soon(self, callback: Any, *args: Any, context: Context | None = None) -> Any:
        handle = Handle(self.now, callback, args, copy_context() if context is None else context)
        self.ready.append(handle)
        return handle

    def call_later(self, delay: float, callback: Any, *args: Any, context: Context | None = None) -> Any:
        return self.call_at(self.now + delay, callback, *args, context=context)

    def call_at(self, when: float, callback: Any, *args: Any, context: Context | None = None) -> Any:
        when = when if when > self.now else self.now
        handle = Handle(when, callback, args, copy_context() if context is None else context)
        heapq.heappush(self._timers, (when, next(self._numbers), handle))
        return handle

    def create_future(self) -> Any:
        return Future(next(self._numbers), loop=self)

    def create_task(self, coro: Any, *, name: str | None = None, context: Context | None = None) -> Any:
        task = Task(coro, next(self._numbers), loop=self, name=name or "task", context=context)
        self._tasks.append(task)
        if len(self._tasks) > 2000:
            self._tasks = [task for task in self._tasks if not task.done()]
        return task

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Tasks that die with their process are no news."""

    def close(self) -> None:
        """End what still waits, in the same order in every run: its clean-up must not fall into the next run."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a clean-up would have awaited
            for task in self._tasks:
                if not task.done():
                    task._log_destroy_pending = False
                    with suppress(BaseException):
                        task.get_coro().close()
            for generator in self.generators:
                with suppress(BaseException):
                    generator.aclose().send(None)
        self.generators.clear()
        self._tasks.clear()
        self._timers.clear()
        self.ready.clear()


@contextmanager
def running(loop: Loop, wall: Callable[[], float]) -> Iterator[None]:
    """`loop` is the running loop of this thread; `time` tells its time, and `wall()` seconds since 1970."""
    as_loop: Any = loop
    events._set_running_loop(as_loop)
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(loop.generators.append, lambda _: None)
    try:
        with (
            patch("time.monotonic", loop.time),
            patch("time.time", wall),
            patch("time.time_ns", lambda: round(wall() * 1e9)),
        ):
            yield
    finally:
        events._set_running_loop(None)
        loop.close()
        sys.set_asyncgen_hooks(*hooks)
