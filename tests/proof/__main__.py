"""`python -m tests.proof FOLDER [--twin FOLDER --player ID] [--again] [--json]`: the verdict on saved evidence."""

import argparse
import json
import sys
from pathlib import Path

from tests.proof.checker import check
from tests.proof.saved import load


def main() -> int:
    """Exit code 0: everything that was checked holds; 1: something does not; 2: the evidence cannot be read."""
    arguments = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--twin", type=Path, help="a second run, for hidden information")
    arguments.add_argument("--player", help="the player who must not see the difference")
    arguments.add_argument("--again", action="store_true", help="judge all commands again")
    arguments.add_argument("--json", action="store_true", help="for machines")
    asked = arguments.parse_args()
    try:
        evidence, twin = load(asked.folder), load(asked.twin) if asked.twin else None
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"The evidence cannot be read: {error}.", file=sys.stderr)  # noqa: T201
        return 2
    verdict = check(evidence, reexecute=asked.again, twin=twin, player=asked.player)
    print(json.dumps(verdict.document(), indent=2) if asked.json else verdict.text())  # noqa: T201
    return 0 if verdict.holds else 1


if __name__ == "__main__":
    sys.exit(main())
