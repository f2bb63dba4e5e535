"""The checker's verdict on a run, with the figures that a row prints."""

from dataclasses import dataclass, field

from tests.proof.case import Case
from tests.proof.checker import check
from tests.proof.evidence import Evidence


@dataclass
class Judgement:
    """Figures, and what is wrong in sentences; `text` is the whole verdict. pause: in seconds."""

    accepted: int = 0
    lost: int = 0
    duplicated: int = 0
    ignored: int = 0
    pause: float = 0.0
    violations: list[str] = field(default_factory=list)
    text: str = ""


def judge(evidence: Evidence) -> Judgement:
    """Check every invariant."""
    verdict = check(evidence)
    found = Judgement(text=verdict.text())
    for finding in verdict.findings:
        found.violations += [f"{one.invariant}: {one.sentence}" for one in finding.violations]
    _count(found, Case(evidence))
    return found


def _count(found: Judgement, case: Case) -> None:
    for partition, commands in case.commands.items():
        accepted = case.read[partition].accepted if partition in case.read else []
        found.accepted += len(accepted)
        found.lost += len(commands) - len({outcome.cause for outcome in accepted})
        found.ignored += len(case.read[partition].skipped) if partition in case.read else 0
        for outcome in accepted:
            if outcome.cause < len(commands):
                waited = (outcome.record.timestamp - commands[outcome.cause].timestamp) / 1000
                found.pause = max(found.pause, waited)
    for outcomes in case.by_command.values():
        counted = [one for one in outcomes if one.value["events"] and one.value["duplicate_of"] is None]
        found.duplicated += max(0, len(counted) - 1)
