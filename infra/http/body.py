"""One strict reader of JSON bodies: bounded size and time, UTF-8 only, no duplicate keys, no odd numbers or text.

FastAPI's own reader answers 500 to several of these or lets NaN through (RFC 8259 sections 4, 6, 8; RFC 7493).
"""

import asyncio
import contextlib
import json
import math
import re
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from infra.http.pointers import pointer
from infra.http.problems import FieldError, Problem

MAX_BYTES = 16 * 1024
MAX_DEPTH = 32
MAX_DIGITS = 19
LEAST_INTEGER = -(2**63)  # what orjson writes
SECONDS = 10.0
LINGER_SECONDS = 1.0
LINGER_BYTES = 32 << 20
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
JSON_TYPE = re.compile(r'application/json(\s*;\s*charset="?utf-8"?)?\s*', re.IGNORECASE)
# A string that does not end is one token too: begun anew at each of its quotes, 16 kB took a second.
TOKENS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)


async def read(request: Request, most: int = MAX_BYTES) -> bytes:
    """The raw body of a request that says it is JSON; 413, 415, 408 or 400 problems otherwise."""
    await check_headers(request, most)
    chunks, size = [], 0
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > most:
                    raise await _too_large(request, most)
                chunks.append(chunk)
    except TimeoutError:
        raise Problem(408, "body_too_slow", "The body did not arrive in time.") from None
    except ClientDisconnect:
        raise Problem(400, "body_incomplete", "The body ended early.") from None
    return b"".join(chunks)


async def check_headers(request: Request, most: int = MAX_BYTES) -> None:
    """Content type, encoding and announced length, before a byte of the body is read."""
    if not JSON_TYPE.fullmatch(request.headers.get("content-type", "")):
        raise Problem(415, "unsupported_media_type", "Send application/json in UTF-8.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "unsupported_encoding", "Send the body without content encoding.")
    length = request.headers.get("content-length", "0")
    if not length.isdecimal():
        raise Problem(400, "bad_request", "Content-Length is not a number.")
    if len(length) > 12 or int(length) > most:
        raise await _too_large(request, most)


def decode(raw: bytes) -> Any:
    """JSON text to Python values; 400 problems for what is not strict JSON, 422 for impossible values."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Problem(400, "invalid_encoding", "The body is not UTF-8.") from None
    if text.startswith("\ufeff"):
        raise Problem(400, "invalid_encoding", "The body starts with a byte order mark.")
    _check_depth(text)
    try:
        value = _DECODER.decode(text)
    except _DuplicateKey:
        raise Problem(400, "duplicate_key", "An object names a key twice.") from None
    except (ValueError, RecursionError):
        raise Problem(400, "invalid_json", "The body is not JSON.") from None
    if errors := list(_oddities(value, ())):
        raise Problem(422, "invalid_input", "The request has values that are not allowed.", errors=errors)
    return value


async def _too_large(request: Request, most: int) -> Problem:
    """The 413, after a bounded look at what still comes: closing over unread bytes would reset the connection
    and take the answer with it (nginx calls this lingering close)."""
    left = LINGER_BYTES
    with contextlib.suppress(TimeoutError, ClientDisconnect, RuntimeError):
        async with asyncio.timeout(LINGER_SECONDS):
            async for chunk in request.stream():
                left -= len(chunk)
                if left < 0:
                    break
    detail = f"The body may have at most {most} bytes."
    return Problem(413, "body_too_large", detail, headers={"connection": "close"})


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for token in TOKENS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth > MAX_DEPTH:
            raise Problem(400, "too_deep", f"The body may nest at most {MAX_DEPTH} levels.")


class _DuplicateKey(Exception):
    """Two members of one object share a name."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _DuplicateKey
    return found


def _integer(digits: str) -> int | float:
    """Beyond 64 bits: infinite, which `_oddities` then names; int() is slow on thousands of digits."""
    number = int(digits) if len(digits.lstrip("-")) <= MAX_DIGITS else math.inf
    return number if number >= LEAST_INTEGER else math.inf


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer)


def _oddities(value: Any, path: tuple[object, ...]) -> Iterator[FieldError]:
    """Numbers that are not finite, text with lone surrogates or NUL; at any depth (<= MAX_DEPTH)."""
    if isinstance(value, float):
        if not math.isfinite(value):
            yield FieldError(pointer(path), "is not a number in range")
    elif isinstance(value, str):
        if _odd_text(value):
            yield FieldError(pointer(path), "has characters that are not allowed")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _oddities(key, (*path, "*"))
            yield from _oddities(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _oddities(item, (*path, index))


def _odd_text(text: str) -> bool:
    return (not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text)) or "\x00" in text


class StrictRequest(Request):
    """A request whose body is read and parsed by the rules above, at most once."""

    async def body(self) -> bytes:
        if not hasattr(self, "_strict"):
            self._strict = await read(self)
        return self._strict

    async def json(self) -> Any:
        return decode(await self.body())


class StrictRoute(APIRoute):
    """Use as `APIRouter(route_class=StrictRoute)`: FastAPI's body parameters then come through `StrictRequest`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            request = StrictRequest(request.scope, request.receive)
            if request.method in UNSAFE:
                await check_headers(request)
            return await handler(request)

        return strict
