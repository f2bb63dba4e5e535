"""What the checker says: findings about invariants, violations with evidence, and the verdict over all of them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["held", "violated", "not checked"]
MOST = 50  # violations of one invariant that are told in words; the others are counted
LONGEST = 300  # characters of a value in a sentence


@dataclass(frozen=True)
class Violation:
    """One breach: the invariant, a sentence that a person can follow, and where to look."""

    invariant: str
    sentence: str
    evidence: dict[str, Any]


@dataclass
class Finding:
    """What is known of one invariant. checked: single things looked at; missing: evidence that was not there."""

    invariant: str
    title: str
    checked: int = 0
    violations: list[Violation] = field(default_factory=list)
    untold: int = 0
    missing: list[str] = field(default_factory=list)

    def violate(self, sentence: str, **evidence: Any) -> None:
        """Something does not hold."""
        if len(self.violations) < MOST:
            self.violations.append(Violation(self.invariant, sentence, evidence))
        else:
            self.untold += 1

    def expect(self, holds: bool, sentence: str, **evidence: Any) -> None:
        """Look at one thing; the sentence says what is wrong where it does not hold."""
        self.checked += 1
        if not holds:
            self.violate(sentence, **evidence)

    def lacks(self, what: str) -> None:
        """Evidence without which (a part of) this invariant cannot be checked."""
        self.missing.append(what)

    @property
    def status(self) -> Status:
        """Nothing looked at is nothing held."""
        if self.violations:
            return "violated"
        return "held" if self.checked else "not checked"

    @property
    def reason(self) -> str:
        """Why it, or a part of it, was not checked."""
        return f"no {', no '.join(self.missing)}" if self.missing else "" if self.checked else "nothing to look at"

    def document(self) -> dict[str, Any]:
        """For machines."""
        return {
            "invariant": self.invariant,
            "title": self.title,
            "status": self.status,
            "checked": self.checked,
            "not_checked": self.reason,
            "violations": [
                {"sentence": one.sentence, "evidence": {k: shown(v) for k, v in one.evidence.items()}}
                for one in self.violations
            ],
            "more_violations": self.untold,
        }


@dataclass
class Verdict:
    """All findings of a run; `interruptions` are figures, never violations."""

    findings: list[Finding]
    interruptions: dict[str, Any] = field(default_factory=dict)
    label: str = ""

    @property
    def violated(self) -> list[str]:
        """The invariants that do not hold."""
        return [one.invariant for one in self.findings if one.status == "violated"]

    @property
    def unchecked(self) -> list[str]:
        """The invariants of which nothing was seen."""
        return [one.invariant for one in self.findings if one.status == "not checked"]

    @property
    def holds(self) -> bool:
        """Nothing is violated and something was checked."""
        return not self.violated and any(one.status == "held" for one in self.findings)

    def __getitem__(self, invariant: str) -> Finding:
        return next(one for one in self.findings if one.invariant == invariant)

    def document(self) -> dict[str, Any]:
        """For machines."""
        return {
            "label": self.label,
            "holds": self.holds,
            "interruptions": self.interruptions,
            "findings": [one.document() for one in self.findings],
        }

    def text(self) -> str:
        """For people: an invariant a line, under it what is wrong."""
        return "\n".join([*self._lines()])

    def _lines(self) -> Iterable[str]:
        for one in self.findings:
            count = f"{one.checked} checked" if one.checked else ""
            notes = "; ".join(part for part in (count, one.reason) if part)
            yield f"{one.invariant:>4}  {one.status:<11}  {one.title} ({notes})"
            for violation in one.violations[:10]:
                yield f"        - {violation.sentence}"
                if violation.evidence:
                    yield f"          {json.dumps({k: shown(v) for k, v in violation.evidence.items()})}"
            more = max(0, len(one.violations) - 10) + one.untold
            if more:
                yield f"        and {more} more"
        for name, value in self.interruptions.items():
            yield f"      {name}: {value}"


def merged(verdicts: Sequence[Verdict], label: str = "") -> Verdict:
    """One verdict over many, such as one a partition of a run too large to be held at once.

    A match lives in one partition, so evidence may be cut by partition and each part be checked alone. Figures are
    kept by the number of the part.
    """
    together: dict[str, Finding] = {}
    for verdict in verdicts:
        for one in verdict.findings:
            whole = together.setdefault(one.invariant, Finding(one.invariant, one.title))
            whole.checked += one.checked
            whole.untold += one.untold
            for violation in one.violations:
                whole.violate(violation.sentence, **violation.evidence)
            whole.missing += [what for what in one.missing if what not in whole.missing]
    figures = {f"part {number}": verdict.interruptions for number, verdict in enumerate(verdicts)}
    return Verdict([*together.values()], figures, label)


def shown(value: Any) -> Any:
    """A value fit for JSON and for a line on a screen."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    if isinstance(value, dict | list):
        value = json.dumps(value, default=shown)
    return f"{value[:LONGEST]}…" if isinstance(value, str) and len(value) > LONGEST else value
