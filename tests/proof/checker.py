"""The checker: evidence in, verdict out. It shares no code with the product, and never fails on odd evidence."""

from collections import Counter
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
    findings = [invariant(case) for invariant in INVARIANTS]
    if reexecute:
        _replace(findings, judged_again(case))
    if twin is not None and player is not None:
        _replace(findings, hidden(case, Case(twin), player))
    return Verdict(findings, interruptions(case), evidence.circumstances.label)


def _replace(findings: list[Finding], better: Finding) -> None:
    for index, finding in enumerate(findings):
        if finding.invariant == better.invariant:
            findings[index] = better


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
