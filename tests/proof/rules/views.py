"""What may be seen of a match: by everybody, and besides by one seat."""

from datetime import UTC, datetime
from typing import Any

from tests.proof.rules.life import COMPUTER, Match

SHOWN = 31  # rounds


def time_of(ms: int | None) -> str | None:
    """RFC 3339 in UTC with milliseconds."""
    if ms is None:
        return None
    second, rest = divmod(ms, 1000)
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03}Z"


def public(name: str, match: Match) -> dict[str, Any]:
    """The public view, whole."""
    return {
        "id": name,
        "game": match["game"],
        "version": match["version"],
        "status": "ended" if match["phase"] == "closed" else match["phase"],
        "options": match["options"],
        "seats": list(match["seats"]),
        "deadline": time_of(match["deadline"]),
        "score": list(match["score"]),
        "round": match["round"],
        "moved": [move is not None for move in match["moves"]],
        "rounds": match["rounds"][-SHOWN:],
        "winner": match["winner"],
        "ended_by": match["ended_by"],
        "rematch": list(match["rematch"]),
    }


def private(match: Match) -> dict[str, Any] | None:
    """Each seat's pending move, by seat; None where nobody has one."""
    pending = {str(seat): {"shape": match["moves"][seat]} for seat in (0, 1) if match["moves"][seat] is not None}
    return pending or None


def seen_by(player: str | None, view: dict[str, Any], parts: dict[str, Any] | None) -> dict[str, Any]:
    """A caller's view from the public one and the private parts; the seats without names."""
    seats = view["seats"]
    seat = seats.index(player) if player in seats and player not in (None, COMPUTER) else None
    return {**view, "you": seat, "mine": None if seat is None else (parts or {}).get(str(seat))}


def nameless(view: dict[str, Any]) -> dict[str, Any]:
    """A view as the gateway sends it, with the players' ids in place of their names and ids."""
    return {**view, "seats": [None if seat is None else seat["player"] for seat in view["seats"]]}
