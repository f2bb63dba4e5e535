"""`python -m tests.soak --moves N` or `--cycles N`: the long proofs; exit code 0 when all holds, 1 when not."""

import argparse
import json
import logging
import shutil
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from infra.stack.settings import CLONE
from tests.faults.bugs import BUGS
from tests.faults.rest import folder_of
from tests.soak import cycles, million, tell

ROOT = CLONE / ".playlog" / "soak"
WIDTH = 120


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that is away is what is wanted here
    console = Console(width=WIDTH)
    what = "cycles" if options.cycles else "soak"
    root = Path(options.out)
    root.mkdir(parents=True, exist_ok=True)
    folder = folder_of(root, what, options.seed)
    try:
        if options.cycles:
            found = cycles.document(cycles.perform(options.cycles, options.seed, folder, say))
            cycles.show(found, console)
        else:
            found = tell.document(million.perform(options.moves, options.seed, folder, say, options.bug))
            tell.show(found, console)
    except Exception:
        (folder / "traceback.txt").write_text(traceback.format_exc())
        sys.stdout.write(f"The run proves nothing; logs and traceback: {folder}\n")
        raise
    return _kept(found, folder, root / f"{what}.json", options.keep)


def _kept(found: dict[str, Any], folder: Path, report: Path, keep: bool) -> int:
    """Evidence of what does not hold stays, without the stores' own files."""
    report.write_text(json.dumps(found, indent=1))
    sys.stdout.write(f"Report: {report}\n")
    if found["holds"] and not keep:
        shutil.rmtree(folder, ignore_errors=True)
        return 0
    for name in ("stores/kafka", "stores/postgres", "stores/valkey", "parts"):
        shutil.rmtree(folder / name, ignore_errors=True)
    sys.stdout.write(f"Evidence: {folder}\n")
    return int(not found["holds"])


def say(text: str) -> None:
    """A line of progress."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')}  {text}\n")
    sys.stdout.flush()


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--moves", type=int, default=1_000_000, help="commands to play among faults")
    parser.add_argument("--cycles", type=int, default=0, help="instead: kill and restart so often, look for leaks")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bug", default="", choices=["", *sorted(BUGS)], help="put a bug in: it must be found")
    parser.add_argument("--out", default=str(ROOT), help="where report and evidence go")
    parser.add_argument("--keep", action="store_true", help="keep the evidence also when all holds")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
