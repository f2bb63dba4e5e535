"""What a command's result means in HTTP: the status of each rejection a sentence for people who read it raw."""

from typing import NamedTuple

from infra.http.problems import Problem
from schemas.rejections import Code

RETRY_AFTER = 1
STATUS: dict[str, int] = {
    Code.NOT_SEATED: 403,
    Code.UNKNOWN_MATCH: 404,
    Code.UNKNOWN_GAME: 422,
    Code.UNKNOWN_MOVE: 422,
    Code.KEY_REUSED: 422,
    Code.UNSUPPORTED_VERSION: 422,
    Code.UNREADABLE: 422,
    Code.TOO_LARGE: 422,
}
SENTENCES: dict[str, str] = {
    Code.UNKNOWN_MATCH: "There is no such match.",
    Code.UNKNOWN_GAME: "There is no such game.",
    Code.ALREADY_EXISTS: "This match exists already.",
    Code.MATCH_FULL: "Both seats are taken.",
    Code.ALREADY_JOINED: "You sit at this table already.",
    Code.NOT_SEATED: "You have no seat in this match.",
    Code.NOT_PLAYING: "The match has not begun, a seat is still free.",
    Code.ALREADY_MOVED: "You have moved in this round already.",
    Code.WRONG_ROUND: "The move was meant for another round.",
    Code.UNKNOWN_MOVE: "The game's rules do not know this move.",
    Code.TOO_LATE: "The time for it was over.",
    Code.ENDED: "The match has ended.",
    Code.NO_REMATCH: "The match still runs.",
    Code.KEY_REUSED: "This Idempotency-Key was used with another body.",
}


class Result(NamedTuple):
    """What the engine said to a command: `version` of the match then, `code` where it was rejected."""

    accepted: bool
    version: int
    code: str | None = None


def rejected(code: str | None) -> Problem:
    """The problem that answers a rejected command; an unknown match may still be on its way."""
    code = code or "rejected"
    headers = {"retry-after": str(RETRY_AFTER)} if code == Code.UNKNOWN_MATCH else None
    return Problem(STATUS.get(code, 409), code, SENTENCES.get(code, "The command was rejected."), headers=headers)


def unknown_match() -> Problem:
    """404 for a match that neither Redis nor PostgreSQL knows (yet)."""
    return rejected(Code.UNKNOWN_MATCH)


def unavailable(detail: str = "The command could not be taken now, try again with the same key.") -> Problem:
    """503: nothing can be said about the command, a repeat with the same key is safe."""
    return Problem(503, "unavailable", detail, headers={"retry-after": "2"})
