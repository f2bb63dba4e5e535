"""Named points in the services at which a process dies as by SIGKILL: nothing is flushed, nothing is said."""

import functools
import importlib
import inspect
import os
import signal
from collections.abc import Callable
from typing import Any

# point: where it is, and whether the process dies before or after that call.
POINTS = {
    "poll": ("engine_worker.term:Term._handle", "before"),
    "fence": ("engine_worker.produce:Log.fence", "after"),
    "restore": ("engine_worker.restore:Restored.feed", "after"),
    "execute": ("engine_worker.owner:Owner._judge", "after"),
    "produce": ("engine_worker.produce:Log._send", "after"),
    "ack": ("engine_worker.owner:Owner.landed", "before"),
    "landed": ("engine_worker.owner:Owner.landed", "after"),
    "commit": ("engine_worker.term:Term.commit", "after"),
    "answer": ("gateway_api.commands_log:CommandsLog.append", "after"),
    "snapshot": ("session_worker.store:Store.write", "after"),
    "rows": ("history_sink.store:_insert", "after"),
}


def install(spec: str) -> None:
    """Patch the point of `POINT[:TIMES]`; the process dies when it is passed for the TIMES-th time."""
    name, _, times = spec.partition(":")
    place, when = POINTS[name]
    owner, attribute = find(place)
    setattr(owner, attribute, _dying(getattr(owner, attribute), when, int(times or 1)))


def find(place: str) -> tuple[Any, str]:
    """What holds the function of `module:Class.name`, and its name there."""
    module, _, path = place.partition(":")
    *outer, attribute = path.split(".")
    owner: Any = importlib.import_module(module)
    for part in outer:
        owner = getattr(owner, part)
    getattr(owner, attribute)  # a point that is gone must be noticed
    return owner, attribute


def _dying(function: Callable[..., Any], when: str, times: int) -> Callable[..., Any]:
    left = times

    def pass_by() -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def patched(*arguments: Any, **named: Any) -> Any:
            if when == "before":
                pass_by()
            result = await function(*arguments, **named)
            if when == "after":
                pass_by()
            return result

        return patched

    @functools.wraps(function)
    def patched_plain(*arguments: Any, **named: Any) -> Any:
        if when == "before":
            pass_by()
        result = function(*arguments, **named)
        if when == "after":
            pass_by()
        return result

    return patched_plain
