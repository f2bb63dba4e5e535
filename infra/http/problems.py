"""Errors as RFC 9457 problem details: a stable code, a trace id, never an echo of what was sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException

from infra.http.pointers import pointer_to
from infra.http.trace import trace_id_of

log = structlog.get_logger()
MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 8
RETRY_AFTER = 2

# What a field's error means, by pydantic's error type; the library's own sentences may quote the input.
WORDS = {
    "missing": "is required",
    "extra_forbidden": "has a field that is not known",
    "json_invalid": "is not JSON",
    "literal_error": "is none of the allowed values",
    "enum": "is none of the allowed values",
    "union_tag_invalid": "is of no known type",
    "union_tag_not_found": "does not say its type",
    "string_too_short": "is too short",
    "string_too_long": "is too long",
    "string_pattern_mismatch": "is not of the right form",
    "greater_than": "is too small",
    "greater_than_equal": "is too small",
    "less_than": "is too large",
    "less_than_equal": "is too large",
    "finite_number": "is not a finite number",
}
CODES = {
    400: "bad_request", 401: "invalid_token", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    406: "not_acceptable", 413: "body_too_large", 415: "unsupported_media_type", 422: "invalid_input",
    429: "too_many_requests", 503: "unavailable",
}  # fmt: skip


@dataclass(frozen=True)
class FieldError:
    """One wrong field: RFC 6901 pointer into the body (or `query/x`, `path/x`), and what is wrong in our words."""

    pointer: str
    detail: str


class Problem(HTTPException):
    """An answer that is an error. Raise it anywhere below a route; `code` is stable and lower_snake."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str = "",
        *,
        errors: Sequence[FieldError] = (),
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail, dict(headers) if headers else None)
        self.code, self.errors, self.params = code, tuple(errors), dict(params or {})


def away(store: str, retry_after: int = RETRY_AFTER) -> Problem:
    """503 for what needs a store that cannot be reached now."""
    headers = {"retry-after": str(retry_after)}
    return Problem(503, f"{store}_away", f"{store} cannot be reached, try again.", headers=headers)


def body_of(problem: Problem, trace_id: str) -> bytes:
    """The JSON of a problem."""
    return orjson.dumps(
        {
            "type": "about:blank",
            "title": HTTPStatus(problem.status_code).phrase,
            "status": problem.status_code,
            "detail": problem.detail,
            "code": problem.code,
            **({"params": problem.params} if problem.params else {}),
            **({"errors": problem.errors[:MAX_ERRORS]} if problem.errors else {}),
            "trace_id": trace_id,
        }
    )


def respond(request: Request, problem: Problem) -> Response:
    """The problem as a response to `request`."""
    headers = {"cache-control": "no-store", **(problem.headers or {})}
    content = body_of(problem, trace_id_of(request.scope))
    return Response(content, problem.status_code, headers, media_type=MEDIA_TYPE)


def from_validation(errors: Iterable[Any]) -> Problem:
    """422 naming the fields of pydantic's errors; values and unknown names stay unsaid."""
    found = [FieldError(pointer_to(item["loc"], item["type"]), _words(item)) for item in errors]
    return Problem(422, "invalid_input", "The request does not have the right form.", errors=found)


def _words(item: Mapping[str, Any]) -> str:
    kind = str(item["type"])
    if kind.endswith(("_type", "_parsing")):
        return f"must be of type {kind.rsplit('_', 1)[0]}"
    return WORDS.get(kind, "is not valid")


def install(app: FastAPI) -> None:
    """Make every error of `app` a problem: raised ones, wrong input, unknown routes and methods, our own bugs."""
    app.add_exception_handler(StarletteHTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(Exception, _on_bug)


async def _on_http(request: Request, error: Exception) -> Response:
    if isinstance(error, Problem):
        return respond(request, error)
    assert isinstance(error, StarletteHTTPException)
    code = CODES.get(error.status_code, "error")
    title = HTTPStatus(error.status_code).phrase
    return respond(request, Problem(error.status_code, code, f"{title}.", headers=error.headers))


async def _on_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return respond(request, from_validation(error.errors()))


async def _on_bug(request: Request, _error: Exception) -> Response:
    """The server re-raises the error after this answer, so that it reaches the log with its traceback."""
    return respond(request, Problem(500, "internal", "Something went wrong on our side."))
