"""Runs rows of the fault matrix on the real stack: `python -m tests.faults [--only F4,F7] [--seconds N]`."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from infra.stack.settings import CLONE
from tests.faults import table
from tests.faults.bugs import BUGS
from tests.faults.row import Result
from tests.faults.rows import SHORT, chosen
from tests.faults.run import Options, perform

ROOT = CLONE / ".playlog" / "faults"
FAILED = frozenset({"red", "broken"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: every row that ran is green; 1: one is not; 2: misused."""
    options = _parse(arguments)
    try:
        rows = chosen(",".join(SHORT) if options.short and not options.only else options.only)
    except LookupError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    root = Path(options.out)
    root.mkdir(parents=True, exist_ok=True)
    run = Options(options.seconds, options.seed, root, options.bug, options.keep)
    results: list[Result] = []
    with (root / "report.ndjson").open("w") as report:
        for row in rows:
            sys.stdout.write(f"{row.name} {row.title} ...\n")
            sys.stdout.flush()
            results.append(perform(row, run))
            report.write(json.dumps(asdict(results[-1])) + "\n")
            report.flush()
            sys.stdout.write(table.told(results[-1]) + "\n")
    table.show(results)
    sys.stdout.write(f"Report: {root / 'report.ndjson'}\n")
    return int(any(result.outcome in FAILED for result in results))


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
    parser.add_argument("--out", default=str(ROOT), help="where report and evidence go")
    parser.add_argument("--keep", action="store_true", help="keep the evidence of green rows too")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
