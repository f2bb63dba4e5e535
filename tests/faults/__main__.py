"""Runs rows of the fault matrix on the real stack: `python -m tests.faults [--only F4,F7] [--seconds N]`."""

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from infra.stack.settings import CLONE
from tests.faults import table
from tests.faults.bugs import BUGS
from tests.faults.row import Result, Row
from tests.faults.rows import ROWS, SHORT, chosen
from tests.faults.run import Options, perform

ROOT = CLONE / ".playlog" / "faults"
FAILED = frozenset({"red", "broken"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: all is as it must be; 1: it is not; 2: misused.

    Every row that ran must be green, and with `--bugs` every seeded bug must turn its row red.
    """
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that is away is what is wanted here
    options = _parse(arguments)
    try:
        rows = [_row(name) for name in SHORT] if options.short else chosen(options.only)
    except LookupError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    root = Path(options.out)
    root.mkdir(parents=True, exist_ok=True)
    run = Options(options.seconds, options.seed, root, options.bug, options.keep)
    tasks = [(row, run) for row in rows]
    if options.bug:  # not its parts: they need not find it
        tasks = [(row, run) for row in rows if row.name == BUGS[options.bug].row] or tasks
    if options.bugs:
        tasks = [(_row(bug.row), replace(run, bug=name)) for name, bug in BUGS.items()]
    results = _perform(tasks, root / "report.ndjson")
    if options.bugs:
        return _told_bugs(results)
    return int(any(result.outcome in FAILED for result in results))


def _row(name: str) -> Row:
    return next(row for row in ROWS if row.name == name)


def _perform(tasks: Sequence[tuple[Row, Options]], path: Path) -> list[Result]:
    results: list[Result] = []
    with path.open("w") as report:
        for row, options in tasks:
            sys.stdout.write(f"{row.name} {row.title} {options.bug} ...\n")
            sys.stdout.flush()
            results.append(perform(row, options))
            report.write(json.dumps(asdict(results[-1])) + "\n")
            report.flush()
            sys.stdout.write(table.told(results[-1]) + "\n")
    table.show(results)
    sys.stdout.write(f"Report: {path}\n")
    return results


def _told_bugs(results: Sequence[Result]) -> int:
    quiet = [result.bug for result in results if result.outcome != "red"]
    missed = [name for name in quiet if not BUGS[name].harmless]
    for name in set(quiet) - set(missed):
        sys.stdout.write(f"{name} did no harm: {BUGS[name].harmless}.\n")
    sys.stdout.write(f"Not found: {', '.join(missed)}\n" if missed else "Every harmful bug was found.\n")
    return int(bool(missed))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    seconds = float(os.environ.get("PLAYLOG_FAULT_SECONDS") or 40)
    parser.add_argument("--only", default="", help="rows by name: F4 or F4,F7")
    parser.add_argument("--short", action="store_true", help="a few quick rows, for every change")
    parser.add_argument("--seconds", type=float, default=seconds, help="how long faults last or are repeated")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--bug", default="", choices=["", *sorted(BUGS)], help="put a bug in: the row must turn red"
    )
    parser.add_argument("--bugs", action="store_true", help="every seeded bug in its row: each must turn red")
    parser.add_argument("--out", default=str(ROOT), help="where report and evidence go")
    parser.add_argument("--keep", action="store_true", help="keep the evidence of green rows too")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
