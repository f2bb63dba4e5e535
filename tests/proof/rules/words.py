"""A command's record read by hand: who asks for what, or with which code it is refused as unreadable."""

import json
import re
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.proof.evidence import Record

LARGEST = 4096  # bytes of a value
DEEPEST = 202  # levels of JSON
TAGS = ("create", "join", "play", "resign", "rematch", "time-elapsed")
TYPES = {f"org.playlog.match.{tag}.v1" for tag in TAGS}
ENTROPY = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Command:
    """A readable command; `body` is its word as canonical text, by which a repeat is known."""

    id: str
    match: str
    player: str
    entropy: int
    word: dict[str, Any]
    body: str


@dataclass(frozen=True, slots=True)
class Refused:
    """What nobody can read; `id` and `match` as far as they are legible."""

    code: str
    id: str | None
    match: str | None


Read: TypeAlias = Command | Refused


def read(record: Record) -> Read:
    """The command that a record of the commands topic means."""
    headers = {name: value or b"" for name, value in record.headers}
    value: Any = record.value
    if headers.get("content-type", b"").startswith(b"application/cloudevents+json"):
        headers, value = unfold(headers, value)
    command, match = legible(headers.get("ce_id")), legible(record.key)
    if command is None or match is None or not value:
        return Refused("unreadable", command, match)
    if len(value) > LARGEST:
        return Refused("too_large", command, match)
    if headers.get("ce_type", b"").decode("utf-8", "replace") not in TYPES:
        return Refused("unsupported_version", command, match)
    body = parse(value)
    word = valid(body)
    if word is None:
        return Refused("unreadable", command, match)
    text = json.dumps(word, sort_keys=True)
    return Command(command, match, body["player"], int(body["entropy"], 16), word, text)


def legible(raw: bytes | None) -> str | None:
    """1 to 64 printable ASCII characters, or nothing."""
    text = raw.decode("ascii", "ignore") if raw and len(raw) <= 64 and raw.isascii() else ""
    return text if text and text.isprintable() else None


def unfold(headers: dict[str, bytes], value: bytes | None) -> tuple[dict[str, bytes], bytes | None]:
    """CloudEvents in structured mode: id and type lie in the value, beside the data."""
    event = parse(value or b"")
    if not isinstance(event, dict) or "data" not in event:
        return headers, None
    if not isinstance(event.get("id"), str) or not isinstance(event.get("type"), str):
        return headers, None
    named = {**headers, "ce_id": event["id"].encode(), "ce_type": event["type"].encode()}
    return named, json.dumps(event["data"], ensure_ascii=False, separators=(",", ":")).encode()


def parse(raw: bytes) -> Any:
    """JSON, or None; a number beyond all bounds counts as null, since JSON has no infinity."""
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=lambda _: None, parse_float=finite)
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # half of a surrogate pair is no text
    except (ValueError, RecursionError):
        return None
    return value if depth(value) <= DEEPEST else None


def finite(text: str) -> float | None:
    value = float(text)
    return value if abs(value) != float("inf") else None


def depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


def valid(body: Any) -> dict[str, Any] | None:
    """The word of a well-formed body, with its defaults; None for any other."""
    if not isinstance(body, dict) or set(body) != {"player", "entropy", "word"}:
        return None
    player, entropy, word = body["player"], body["entropy"], body["word"]
    if not isinstance(player, str) or not 1 <= len(player) <= 64:
        return None
    if not isinstance(entropy, str) or not ENTROPY.fullmatch(entropy) or not isinstance(word, dict):
        return None
    kind = word.get("type")
    if kind in ("match.join.v1", "match.resign.v1", "match.rematch.v1"):
        return word if set(word) == {"type"} else None
    if kind == "match.play.v1":
        return valid_play(word)
    if kind == "match.time-elapsed.v1":
        return word if set(word) == {"type", "deadline"} and whole(word["deadline"]) else None
    return valid_create(word) if kind == "match.create.v1" else None


def valid_play(word: dict[str, Any]) -> dict[str, Any] | None:
    word = {"round": None, **word}
    numbered = word["round"] is None or (whole(word["round"]) and word["round"] >= 1)
    return word if set(word) == {"type", "move", "round"} and isinstance(word["move"], dict) and numbered else None


def valid_create(word: dict[str, Any]) -> dict[str, Any] | None:
    if set(word) != {"type", "game", "rules", "options"} or not isinstance(word["options"], dict):
        return None
    options = {"move_seconds": 30, "opponent": "open", **word["options"]}
    good = (
        isinstance(word["game"], str)
        and 1 <= len(word["game"]) <= 40
        and whole(word["rules"])
        and word["rules"] >= 1
        and set(options) == {"best_of", "move_seconds", "opponent"}
        and whole(options["best_of"])
        and options["best_of"] in range(1, 32, 2)
        and whole(options["move_seconds"])
        and 5 <= options["move_seconds"] <= 86_400
        and options["opponent"] in ("open", "computer")
    )
    return {**word, "options": options} if good else None


def whole(value: Any) -> bool:
    """A whole number; true and 1.0 are none."""
    return type(value) is int
