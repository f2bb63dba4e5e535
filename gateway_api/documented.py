"""What OpenAPI says about headers and bodies that routes read by hand."""

from typing import Any

from infra.http.openapi import problems

KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Names this one command; the same key again is the same command and gets the same answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
PREFER: dict[str, Any] = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": "`wait=N`: answer with the result if it comes within N seconds (at most 10).",
    "schema": {"type": "string", "example": "wait=5"},
}
IF_NONE_MATCH: dict[str, Any] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of the view that the caller holds.",
    "schema": {"type": "string"},
}
LAST_EVENT_ID: dict[str, Any] = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "The version that the client saw last; anything else than a number counts as none.",
    "schema": {"type": "string"},
}
LOCATION: dict[str, Any] = {"Location": {"schema": {"type": "string"}}}
ETAG: dict[str, Any] = {"ETag": {"schema": {"type": "string"}}}
PREFERENCE: dict[str, Any] = {"Preference-Applied": {"schema": {"type": "string"}}}
ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "The command is in the log; its result will be found at Location.",
        "headers": {**LOCATION, "Retry-After": {"schema": {"type": "integer"}}},
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["match", "command"],
                    "properties": {"match": {"type": "string"}, "command": {"type": "string"}},
                }
            }
        },
    }
}
STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": (
            "Server-sent events. `event: view`, `id` the match's version, `data` a MatchView; ids strictly rise. "
            "A comment line every 15 s. `event: end` when nothing will follow, `event: expired` when the "
            "token ran out; their `data` is `{}`."
        ),
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "x-events": {"view": {"$ref": "#/components/schemas/MatchView"}},
            }
        },
    }
}
COMMAND_PROBLEMS = problems(400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503)
READ_PROBLEMS = problems(401, 403, 404, 503)
HISTORY_PROBLEMS = problems(401, 403, 404, 429, 503)
PAGE_PROBLEMS = problems(401, 403, 422, 429, 503)


def body(name: str) -> dict[str, Any]:
    """A JSON request body whose schema is the component `name`."""
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {"required": True, "content": {"application/json": {"schema": schema}}}
