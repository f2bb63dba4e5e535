"""Which events of a match may be shown: all up to the first secret that no later event has settled."""

from collections.abc import Sequence
from typing import Any, get_args

from schemas.match import MatchEvent

_CLASSES: dict[str, Any] = {
    member.__dataclass_fields__["type"].default: member for member in get_args(get_args(MatchEvent)[0])
}
SECRET = frozenset(tag for tag, event in _CLASSES.items() if event.secret)
SETTLES = frozenset(tag for tag, event in _CLASSES.items() if event.settles)


def shown(types: Sequence[str]) -> int:
    """How many of a match's events, given by their wire names in order, may be shown to everybody."""
    unsettled: int | None = None
    for index, tag in enumerate(types):
        if tag in SETTLES:
            unsettled = None
        elif tag in SECRET and unsettled is None:
            unsettled = index
    return len(types) if unsettled is None else unsettled
