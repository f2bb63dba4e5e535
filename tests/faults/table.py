"""What rows showed, for people: a line for each, and what is wrong below it."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tests.faults.row import Result

COLORS = {"green": "green", "red": "red", "broken": "magenta", "skipped": "yellow"}
FIGURES = ("faults", "sent", "accepted", "unknown", "lost", "duplicated", "ignored")
MOST = 8


def told(result: Result) -> str:
    """One row as it ends."""
    head = f"{result.row} {result.bug} {result.outcome.upper()}".replace("  ", " ")
    if result.outcome == "skipped":
        return f"{head}: {result.reason}"
    figures = ", ".join(f"{name} {getattr(result, name)}" for name in FIGURES)
    seen = f"seen {result.seen:.2f} s, {result.back:.2f} s after a return, {result.regained:.2f} s after a cut"
    pause = f"longest pause {result.pause:.2f} s ({seen})"
    late = (
        f"; pause bound exceeded: {getattr(result, result.measure):.2f} s, not {result.bar} s"
        if result.late
        else ""
    )
    lines = [f"{head} in {result.seconds:.0f} s: {figures}, {pause}{late}"]
    if result.reason:
        lines.append(f"   {result.reason}")
    lines += [f"   - {sentence}" for sentence in result.violations[:MOST]]
    if len(result.violations) > MOST:
        lines.append(f"   and {len(result.violations) - MOST} more")
    if result.evidence:
        lines.append(f"   evidence: {result.evidence}  (again: --only {result.row} --seed {result.seed // 1000})")
    return "\n".join(lines)


def show(results: Sequence[Result]) -> None:
    """All rows as a table."""
    table = Table(title="Faults")
    for name in ("row", "fault", "s", *FIGURES, "pause s", "seen s", "back s", "cut s", "verdict"):
        table.add_column(name, justify="left" if name in ("row", "fault", "verdict") else "right")
    for result in results:
        figures = [str(getattr(result, name)) for name in FIGURES]
        verdict = f"[{COLORS[result.outcome]}]{result.outcome}[/]"
        note = f" ({result.reason})" if result.outcome == "skipped" else ", late" if result.late else ""
        pauses = [f"{seconds:.2f}" for seconds in (result.pause, result.seen, result.back, result.regained)]
        name = f"{result.row} {result.bug}".strip()
        cells = [name, result.title, f"{result.seconds:.0f}", *figures, *pauses]
        table.add_row(*cells, verdict + note)
    Console(width=200).print(table)
    late = [result.row for result in results if result.late]
    if late:
        Console().print(f"Pause bound exceeded (no violation): {', '.join(late)}")
