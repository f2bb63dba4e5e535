"""Where in a request something is wrong, as an RFC 6901 pointer that quotes nothing a stranger made up."""

import re
from collections.abc import Iterable

NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
MAX_TOKENS = 8
PLACES = frozenset({"body", "path", "query", "header", "cookie"})


def pointer(tokens: Iterable[object]) -> str:
    """`/` joined; a token that does not look like one of our field names becomes `*`."""
    parts = [str(token) for token in tokens][:MAX_TOKENS]
    return "".join("/" + (part if part.isdecimal() or NAME.fullmatch(part) else "*") for part in parts)


def pointer_to(location: Iterable[object], kind: str) -> str:
    """The pointer for a pydantic error location; an unknown field's own name is left out."""
    tokens = list(location)
    place = tokens.pop(0) if tokens and tokens[0] in PLACES else "body"
    if kind == "extra_forbidden" and tokens:
        tokens.pop()
    if kind == "json_invalid":
        tokens = []
    return pointer(tokens) if place == "body" else f"{place}{pointer(tokens)}"
