"""The checker: evidence in, verdict out. It shares no code with the product, and never fails on odd evidence."""

import traceback
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.proof.case import Case
from tests.proof.evidence import Evidence
from tests.proof.invariants import INVARIANTS
from tests.proof.invariants.again import judged_again
from tests.proof.invariants.secrets import hidden
from tests.proof.report import Finding, Verdict


def check(
    evidence: Evidence, *, reexecute: bool = False, twin: Evidence | None = None, player: str | None = None
) -> Verdict:
    """Check every invariant for which there is evidence.

    reexecute: run the product again in other processes (I12), some seconds and more.  twin, player: a second run
    that differs in moves of others than `player` alone, which stayed unrevealed (I14).
    """
    case = Case(evidence)
    invariants = dict(INVARIANTS)
    if reexecute:
        invariants["I12"] = judged_again
    if twin is not None and player is not None:
        invariants["I14"] = partial(hidden, other=Case(twin), player=player)
    findings = [_look(name, invariant, case) for name, invariant in invariants.items()]
    return Verdict(findings, _figures(case), evidence.circumstances.label)


def _look(name: str, invariant: Callable[[Case], Finding], case: Case) -> Finding:
    """Evidence that no honest run can leave behind is a violation, not the end of the check."""
    try:
        return invariant(case)
    except Exception as error:
        finding = Finding(name, "the evidence can be followed")
        finding.expect(
            False, f"the evidence cannot be followed: {type(error).__name__}: {error}", at=_place(error)
        )
        return finding


def _place(error: Exception) -> str:
    """Where the checker gave up."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}"


def _figures(case: Case) -> dict[str, Any]:
    try:
        return interruptions(case)
    except (ValueError, KeyError, TypeError):
        return {}  # the log cannot be followed, which the findings say


def interruptions(case: Case) -> dict[str, Any]:
    """What players noticed, and what the log went through: figures, apart from violations."""
    waits = [judged.outcome.record.timestamp - judged.command.timestamp for judged in case.judged]
    ends = Counter("none" if call.end is None else call.end.kind for call in case.calls)
    skipped = Counter(
        one.why.split(",")[0].split(" is ")[0] for seen in case.read.values() for one in seen.skipped
    )
    return {
        "commands": sum(map(len, case.commands.values())),
        "outcomes that count": sum(len(seen.accepted) for seen in case.read.values()),
        "records that do not count": sum(skipped.values()),
        "fences": sum(len(seen.fences) for seen in case.read.values()),
        "calls by how they ended": dict(ends),
        "longest wait for an outcome, s": max(waits, default=0) / 1000,
        "faults": len(case.evidence.faults or []),
    }
