"""How older versions of words become the newest: dict to dict, one version a step.

Only this module knows that older versions exist. A step takes the JSON of one version and returns the JSON of
the next, `type` included; steps chain until no newer one is known.
"""

from collections.abc import Callable, Mapping
from typing import Any

Document = dict[str, Any]
Step = Callable[[Document], Document]

STEPS: dict[str, Step] = {}  # wire name -> step to the next version


def upcast(document: Document, steps: Mapping[str, Step] = STEPS) -> Document:
    """The newest version of a word's JSON; the same object where it is the newest already."""
    while step := steps.get(document.get("type", "")):
        document = step(document)
    return document
