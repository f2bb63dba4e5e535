"""A process that has loaded a service and waits to become one: `python -m infra.stack.understudy engine_worker`.

Python and its imports are most of a start: whoever waits with both done is at work in a third of the time.
"""

import importlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path


def role(environment: Mapping[str, str], log: Path) -> bytes:
    """What an understudy reads to go on: the service's environment and its log file."""
    return json.dumps({"environment": {**environment}, "log": str(log)}).encode() + b"\n"


def main(module: str) -> None:
    """Load a service, wait for a role on standard input, then be the service. An end of the input is the end."""
    service = importlib.import_module(f"{module}.__main__")
    line = sys.stdin.buffer.readline()
    if line:
        _take_on(json.loads(line))
        service.main()


def _take_on(given: Mapping[str, object]) -> None:
    environment, log = given["environment"], given["log"]
    if not isinstance(environment, dict) or not isinstance(log, str):
        raise TypeError("a role has an environment and a log")
    os.environ.clear()
    os.environ.update(environment)
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.close(output)
    os.close(nothing)


if __name__ == "__main__":
    main(sys.argv[1])
