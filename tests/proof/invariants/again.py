"""I12: judging the commands again, in other processes under other circumstances, gives the same bytes."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from zlib import crc32

from tests.proof.case import Case
from tests.proof.evidence import Circumstances, Evidence
from tests.proof.report import Finding
from tests.proof.rules.reader import Accepted
from tests.proof.saved import save

TITLE = "judging the commands again gives the same bytes"
SECONDS = 900.0  # a run's bound
ROOT = Path(__file__).parents[3]


class Way(NamedTuple):
    """How a run differs from the others; `batch` commands of a partition, then the next partition's turn."""

    seed: str
    zone: str
    locale: str
    batch: int
    python: str = sys.executable


WAYS = (
    Way("0", "UTC", "C", 1),
    Way("1", "Asia/Kathmandu", "tr_TR.UTF-8", 7),
    Way("4242", "America/St_Johns", "C.UTF-8", 500),
)


def byte_identical(case: Case) -> Finding:
    """I12 where nobody asked for it: it costs processes, see `judged_again`."""
    finding = Finding("I12", TITLE)
    finding.lacks("re-execution in this check")
    return finding


def judged_again(case: Case, ways: Sequence[Way] = WAYS) -> Finding:
    """I12. Key and value of each partition's accepted outcomes, as SHA-256, equal over all ways."""
    finding = Finding("I12", TITLE)
    if case.evidence.commands is None or case.evidence.outcomes is None:
        finding.lacks("dump of commands and outcomes")
        return finding
    with TemporaryDirectory() as folder:
        save(_commands(case), Path(folder))
        for way in ways:
            _compare(finding, case, way, _run(finding, Path(folder), way))
    return finding


def _commands(case: Case) -> Evidence:
    """The commands that have an outcome."""
    ends = {partition: seen.watermark for partition, seen in case.read.items()}
    commands = [one for one in case.evidence.commands or [] if one.offset <= ends.get(one.partition, -1)]
    return Evidence(Circumstances(partitions=case.evidence.circumstances.partitions), commands=commands)


def _run(finding: Finding, folder: Path, way: Way) -> dict[str, Any]:
    environment = {**os.environ, "PYTHONHASHSEED": way.seed, "TZ": way.zone, "LC_ALL": way.locale}
    done = subprocess.run(
        [way.python, "-m", "tests.proof.reexecute", str(folder), str(way.batch)],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode:
        finding.violate("judging the commands again failed", way=[*way], told=done.stderr[-500:])
        return {}
    judged: dict[str, Any] = json.loads(done.stdout)
    return judged


def _compare(finding: Finding, case: Case, way: Way, judged: dict[str, Any]) -> None:
    for partition, seen in case.read.items():
        if not seen.accepted or (judged == {} and finding.violations):
            continue
        found = judged.get(str(partition), {"sha256": "", "sums": []})
        sentence = f"partition {partition} judged again under {way.seed}, {way.zone}, {way.locale}, {way.batch}: "
        part = _first(seen.accepted, found["sums"])
        finding.expect(found["sha256"] == _digest(seen.accepted), sentence + part, partition=partition, way=[*way])


def _first(accepted: Sequence[Accepted], sums: Sequence[int]) -> str:
    for index, outcome in enumerate(accepted):
        if index >= len(sums) or crc32(framed(outcome.record.key, outcome.record.value)) != sums[index]:
            return f"command {outcome.cause} has another outcome than {outcome.record.offset} in the log"
    return f"{len(sums)} outcomes instead of {len(accepted)}"


def _digest(accepted: Sequence[Accepted]) -> str:
    whole = sha256()
    for outcome in accepted:
        whole.update(framed(outcome.record.key, outcome.record.value))
    return whole.hexdigest()


def framed(key: bytes | None, value: bytes | None) -> bytes:
    """Key and value such that no two pairs give the same bytes; null is not empty."""
    sizes = [-1 if part is None else len(part) for part in (key, value)]
    return b"%d %d " % (sizes[0], sizes[1]) + (key or b"") + (value or b"")
