"""What the interface's own request headers say: Idempotency-Key, Prefer, If-None-Match, Last-Event-ID."""

import re

from infra.http.problems import Problem

LONGEST_WAIT = 10.0  # seconds that a caller may wait for the result of a command
KEY = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?")
WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,9})\"?(?=[,;\s]|$)", re.IGNORECASE)
EVENT_ID = re.compile(r"[0-9]{1,15}")


def idempotency_key(value: str | None) -> str:
    """The key, bare or as a quoted string (draft-ietf-httpapi-idempotency-key-header); 400 where there is none.

    1 to 255 printable ASCII characters; `"a"` and `a` are the same key.
    """
    if value is None or not value.strip():
        raise Problem(400, "idempotency_key_missing", "Send an Idempotency-Key header.")
    key = value.strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not KEY.fullmatch(key):
        raise Problem(400, "idempotency_key_invalid", "Idempotency-Key takes 1 to 255 printable ASCII characters.")
    return key


def prefer_wait(value: str | None) -> int | None:
    """Seconds the caller wants to wait (RFC 7240, section 4.3), at most LONGEST_WAIT; None: not at all."""
    match = WAIT.search(value) if value else None
    seconds = int(match[1]) if match else 0
    return min(seconds, int(LONGEST_WAIT)) or None


def is_current(if_none_match: str | None, etag: str) -> bool:
    """Whether the caller already holds this representation (RFC 9110, section 13.1.2)."""
    if not if_none_match:
        return False
    held = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in held or etag in held


def last_event_id(value: str | None) -> int:
    """The version that the client has seen; 0 where it has none or says nothing sensible."""
    return int(value) if value and EVENT_ID.fullmatch(value) else 0
