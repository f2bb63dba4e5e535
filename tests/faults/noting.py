"""Lets a service write down what it was acknowledged and how it judged what it read; and reads that back."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.faults.crashing import find
from tests.proof.evidence import Reading, Send

READERS = {"session_worker": "session_worker.project:accept", "history_sink": "history_sink.tabulate:accept"}


class Pad:
    """A file of lines; each is whole or absent, also when the process dies. Who writes is told as the checker
    tells readers apart: the service, a dash, the very process."""

    def __init__(self, path: str, module: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        worker = os.environ["PLAYLOG_WORKER_NAME"].replace("-", "_")
        self._who = f"{module}-{worker}/{os.getpid()}"

    def write(self, **fields: Any) -> None:
        os.write(self._file, json.dumps({"who": self._who, **fields}).encode() + b"\n")


def install(path: str, module: str) -> None:
    """Note in this process what its service is told and reads."""
    signal.signal(signal.SIGUSR2, _tell_tasks)
    pad = Pad(path, module)
    if module in READERS:
        _note_readings(pad, READERS[module])
    elif module == "engine_worker":
        _note_sends(pad)


def _tell_tasks(*_: Any) -> None:
    """Where every task of this process waits, to its log: asked of one that does not come back."""
    for task in asyncio.all_tasks(asyncio.get_running_loop()):
        sys.stderr.write(f"{task}\n")
        task.print_stack(file=sys.stderr)
    sys.stderr.flush()


def _note_sends(pad: Pad) -> None:
    """What the owner's own check let pass: batch by batch, the first command's offset and where it landed."""
    owner, _ = find("engine_worker.owner:Owner.landed")
    landed, init = owner.landed, owner.__init__
    following: dict[int, int] = {}

    def begun(self: Any, *arguments: Any, **named: Any) -> None:
        init(self, *arguments, **named)
        following[id(self)] = self.watermark + 1

    def noted(self: Any, base_offset: int, count: int) -> None:
        landed(self, base_offset, count)
        cause = following[id(self)]
        following[id(self)] = cause + count
        pad.write(partition=self.partition, base=base_offset, cause=cause, count=count)

    owner.__init__, owner.landed = begun, noted


def _note_readings(pad: Pad, place: str) -> None:
    holder, name = find(place)
    accept = getattr(holder, name)
    expected: dict[int, int] = {}
    stretches: dict[int, int] = {}

    def noted(rule: Any, progress: Any, records: Any) -> Any:
        records = list(records)
        result = accept(rule, progress, records)
        if records:
            partition = records[0].partition
            if expected.get(partition) != records[0].offset:
                stretches[partition] = stretches.get(partition, 0) + 1
            expected[partition] = records[-1].offset + 1
            counted = {record.offset for record in result.outcomes}
            verdicts = "".join("1" if record.offset in counted else "0" for record in records)
            first, stretch = records[0].offset, stretches[partition]
            pad.write(partition=partition, first=first, stretch=stretch, verdicts=verdicts)
        return result

    setattr(holder, name, noted)


def read(folder: Path) -> tuple[list[Send], list[Reading]]:
    """What all services of a run noted."""
    sends: list[Send] = []
    readings: list[Reading] = []
    for path in sorted(folder.glob("*.notes")):
        for line in _lines(path):
            if "base" in line:
                sends += _sends(line)
            else:
                readings += _readings(line)
    return sends, readings


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open() as file:
        for line in file:
            if line.endswith("\n"):
                yield json.loads(line)


def _sends(line: dict[str, Any]) -> Iterator[Send]:
    for number in range(line["count"]):
        identity = f"{line['partition']}-{line['cause'] + number}"
        yield Send(line["who"], "outcomes", line["partition"], line["base"] + number, identity)


def _readings(line: dict[str, Any]) -> Iterator[Reading]:
    stretch = f"{line['who']} {line['stretch']}"
    for number, verdict in enumerate(line["verdicts"]):
        yield Reading(line["who"], stretch, line["partition"], line["first"] + number, verdict == "1")
