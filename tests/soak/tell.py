"""What a soak showed: as a document for machines, as tables for people."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.proof.report import Verdict, merged
from tests.soak.million import Outcome
from tests.soak.pauses import Pauses, together

COUNTS = {"reordered": ("I3", "I4"), "wrong snapshots": ("I8",), "wrong rows": ("I9",)}
MOST, EACH = 20, 5  # sentences, and those of one invariant
LONGEST = 10
WIDTH = 120


def document(outcome: Outcome) -> dict[str, Any]:
    """All figures; `holds` is the verdict."""
    verdict = merged([one.verdict for one in outcome.examined], f"soak seed {outcome.seed}")
    whole = verdict.document()
    del whole["interruptions"]
    figures = {name: sum(getattr(one, name) for one in outcome.examined) for name in SUMS}
    counts = {name: violations(verdict, invariants) for name, invariants in COUNTS.items()}
    return {
        "holds": verdict.holds and not outcome.wrong,
        "seed": outcome.seed,
        "moves": outcome.sent,
        "acknowledged": outcome.acknowledged,
        "unknown": outcome.unknown,
        **figures,
        **counts,
        "wrong": outcome.wrong,
        "seconds": round(outcome.seconds, 1),
        "moves a second": round(outcome.sent / max(outcome.load_seconds, 0.001)),
        "faults": outcome.faults,
        "died by themselves": outcome.died,
        "pauses": together(one.pauses for one in outcome.examined).document(),
        "players' pauses": _players(outcome).document(),
        "players' pauses after a return": returns(outcome.returned, outcome.waits),
        "players' longest pauses": _longest(outcome),
        "judged again": not any(sentence.startswith("I12") for sentence in outcome.wrong),
        "verdict": whole,
    }


SUMS = ("commands", "accepted", "lost", "doubled", "ignored", "fences")


def _players(outcome: Outcome) -> Pauses:
    """From a move until both players saw it, retries included."""
    found = Pauses()
    for began, ended in outcome.waits:
        at = outcome.began_ms + int((began - outcome.began) * 1000)
        found.add(at, at + int((ended - began) * 1000), outcome.struck)
    return found


def _longest(outcome: Outcome) -> list[dict[str, Any]]:
    """The longest waits of players: when each began, in seconds of the run, and what fell into it."""
    found = []
    for began, ended in sorted(outcome.waits, key=lambda wait: wait[0] - wait[1])[:LONGEST]:
        from_ms, to_ms = (outcome.began_ms + int((at - outcome.began) * 1000) for at in (began, ended))
        fell = [f"{one.kind} at {(one.ms - outcome.began_ms) / 1000:.1f}" for one in outcome.struck]
        inside = [word for word, one in zip(fell, outcome.struck, strict=True) if from_ms <= one.ms <= to_ms]
        at, seconds = round(began - outcome.began, 1), round(ended - began, 3)
        found.append({"at": at, "seconds": seconds, "faults": inside})
    return found


def returns(returned: Iterable[tuple[float, str]], waits: Sequence[tuple[float, float]]) -> dict[str, float]:
    """By store the longest that a waiting player went on to wait when it was back, in seconds."""
    found: dict[str, float] = {}
    for at, store in returned:
        longest = max((ended - at for began, ended in waits if began < at < ended), default=0.0)
        found[store] = max(found.get(store, 0.0), round(longest, 3))
    return found


def violations(verdict: Verdict, invariants: tuple[str, ...]) -> int:
    """How often these invariants were violated, untold ones included."""
    return sum(len(one.violations) + one.untold for one in verdict.findings if one.invariant in invariants)


def show(found: dict[str, Any], console: Console) -> None:
    """Tables and the verdict."""
    console.print(_figures(found), _faults(found), _invariants(found))
    for sentence in found["wrong"][:MOST]:
        console.print(f"  - {sentence}", markup=False)
    for one in found["verdict"]["findings"]:
        for violation in one["violations"][:EACH]:
            console.print(f"  - {one['invariant']}: {violation['sentence']}", markup=False)
    word = "[green]all holds[/]" if found["holds"] else "[red]not all holds[/]"
    console.print(f"{found['moves']:,} moves in {found['seconds']:.0f} s, seed {found['seed']}: {word}")


def _figures(found: dict[str, Any]) -> Table:
    table = Table(title="Soak", show_header=False)
    for name in ("moves", "moves a second", "acknowledged", "unknown", *SUMS, *COUNTS):
        table.add_row(name, f"{found[name]:,}")
    for title, pauses in (("outcome after", found["pauses"]), ("seen by both after", found["players' pauses"])):
        words = ", ".join(f"{name} {pauses[name]:.3f}" for name in ("p50", "p99", "p99.9", "max"))
        table.add_row(f"{title}, s", f"{words} ({pauses['commands']:,})")
    words = ", ".join(
        f"{store} {seconds:.2f}" for store, seconds in found["players' pauses after a return"].items()
    )
    table.add_row("seen after a return of, s", words)
    table.add_row("judged again", "the same bytes" if found["judged again"] else "other bytes")
    if found["died by themselves"]:
        table.add_row("died by themselves", str(found["died by themselves"]))
    return table


def _faults(found: dict[str, Any]) -> Table:
    table = Table(title="Faults, and the longest pause that fell to each kind")
    for name in ("fault", "times", "outcome after, s", "seen by both after, s"):
        table.add_column(name, justify="left" if name == "fault" else "right")
    told = [found[name]["longest by kind of fault"] for name in ("pauses", "players' pauses")]
    for kind in sorted(set(found["faults"]) | set(told[0]) | set(told[1])):
        longest = [f"{one[kind]:.2f}" if kind in one else "" for one in told]
        table.add_row(kind, str(found["faults"].get(kind, "")), *longest)
    return table


def _invariants(found: dict[str, Any]) -> Table:
    table = Table(title="The checker's verdict")
    for name in ("", "invariant", "checked", "verdict"):
        table.add_column(name)
    for one in found["verdict"]["findings"]:
        checked = f"{one['checked']:,}" if one["checked"] else one["not_checked"]
        table.add_row(one["invariant"], one["title"], checked, one["status"])
    return table
