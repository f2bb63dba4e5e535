"""What was measured, its floor and its bar; as a table for people and a document for machines; pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.table import Table

NUMBERS = ("measured", "floor", "ratio")
MET = {True: "[green]met[/]", False: "[red]not met[/]", None: ""}


@dataclass(frozen=True)
class Figure:
    """One measured value. `floor` is the same thing without us, in the same unit, of the same run.

    bar: what it must be, in words; met: whether it is, None where there is no bar or the run is void.
    """

    part: str
    what: str
    value: float
    unit: str
    floor: float | None = None
    floor_is: str = ""
    bar: str = ""
    met: bool | None = None
    void: str = ""

    @property
    def ratio(self) -> float | None:
        """Value over floor."""
        return self.value / self.floor if self.floor else None

    def document(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": self.ratio, "met": None if self.void else self.met}


@dataclass
class Report:
    """All figures of a run; `details` is everything else that was seen, by part."""

    figures: list[Figure] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    def add(self, *figures: Figure) -> None:
        self.figures += figures

    @property
    def missed(self) -> Sequence[Figure]:
        """Figures below their bar, and those of a void run, which show nothing."""
        return [figure for figure in self.figures if figure.met is False or (figure.void and figure.bar)]


def at_most(limit: float, value: float, text: str = "") -> dict[str, Any]:
    """The bar of a value that must not be above `limit`."""
    return {"bar": text or f"<= {number(limit)}", "met": value <= limit}


def at_least(limit: float, value: float, text: str = "") -> dict[str, Any]:
    """The bar of a value that must not be below `limit`."""
    return {"bar": text or f">= {number(limit)}", "met": value >= limit}


def table(figures: Sequence[Figure]) -> Table:
    """For people; a void figure says why and claims nothing."""
    shown = Table(title="Each figure beside its floor", title_justify="left", header_style="bold")
    for name in ("part", "what", "measured", "floor", "ratio", "bar", ""):
        shown.add_column(name, justify="right" if name in NUMBERS else "left", no_wrap=True)
    for figure in figures:
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}x"
        floor = "" if figure.floor is None else f"{number(figure.floor)} [dim]{figure.floor_is}[/]"
        verdict = f"[yellow]void: {figure.void}[/]" if figure.void else MET[figure.met]
        value = f"{number(figure.value)} {figure.unit}"
        shown.add_row(figure.part, figure.what, value, floor, ratio, figure.bar, verdict)
    return shown


def number(value: float) -> str:
    """Three digits that matter, thousands parted."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
