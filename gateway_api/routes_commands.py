"""Commands over HTTP: open a match, join, play, resign, ask for a rematch; and what became of a command."""

import secrets
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Path, Request, Response

from gateway_api import documented, requests
from gateway_api.answers import RETRY_AFTER, unavailable
from gateway_api.commands_log import LogAway
from gateway_api.headers import idempotency_key, prefer_wait
from gateway_api.limits import CREATES_IN_FLIGHT, IN_FLIGHT
from gateway_api.parts import NO_STORE, Answer, MatchPath, Parts, Plain, match_id_of, parts_of
from gateway_api.submit import REDIS_AWAY, Viewed
from gateway_api.views import etag
from infra.http import body
from infra.http.problems import away
from infra.http.tokens import Claims
from infra.http.trace import trace_id_of, traceparent
from schemas import ids, keys
from schemas.command import Command
from schemas.view import MatchView
from schemas.word import word

ENTROPY_BYTES = 16
MATCHES = "/v1/matches"
router = APIRouter(route_class=Plain, tags=["matches"])
CommandPath = Annotated[str, Path(max_length=64, description="The command's id.")]


@word
class CommandStatus:
    """What became of a command; `code` where it was rejected."""

    status: Literal["accepted", "rejected", "pending"]
    version: int | None
    code: str | None


@router.post(
    MATCHES,
    status_code=201,
    responses={
        201: {
            "model": MatchView,
            "description": "The match, seen by its creator (with `Prefer: wait`).",
            "headers": {**documented.LOCATION, **documented.ETAG, **documented.PREFERENCE},
        },
        **documented.ACCEPTED,
        **documented.COMMAND_PROBLEMS,
    },
    openapi_extra={
        "parameters": [documented.KEY, documented.PREFER],
        "requestBody": documented.body("NewMatch"),
    },
)
async def new_match(request: Request) -> Response:
    """Open a match; the caller sits at seat 0."""
    parts = parts_of(request)
    caller, key, raw = await _taken(parts, request)
    asked = requests.new_match(body.decode(raw))
    command = ids.command_id(caller.subject, "POST", MATCHES, key)
    match = ids.match_id(command)
    location = f"{MATCHES}/{match}"
    return await _submit(parts, request, Command(command, match, caller.subject, _entropy(), asked), location, 201)


@router.post(
    MATCHES + "/{match_id}/commands",
    responses={
        200: {
            "model": MatchView,
            "description": "The match after the command, seen by the caller (with `Prefer: wait`).",
            "headers": {**documented.ETAG, **documented.PREFERENCE},
        },
        **documented.ACCEPTED,
        **documented.COMMAND_PROBLEMS,
    },
    openapi_extra={
        "parameters": [documented.KEY, documented.PREFER],
        "requestBody": documented.body("CommandRequest"),
    },
)
async def command(request: Request, match_id: MatchPath) -> Response:
    """Send a command to a match: join, play, resign, rematch."""
    parts = parts_of(request)
    caller, key, raw = await _taken(parts, request)
    asked = requests.player_command(body.decode(raw))
    match_id_of(match_id)
    path = f"{MATCHES}/{match_id}/commands"
    command = ids.command_id(caller.subject, "POST", path, key)
    sent = Command(command, match_id, caller.subject, _entropy(), asked)
    return await _submit(parts, request, sent, f"{path}/{command}", 200)


@router.get(
    MATCHES + "/{match_id}/commands/{command_id}",
    responses={200: {"model": CommandStatus}, **documented.READ_PROBLEMS},
)
async def command_status(request: Request, match_id: MatchPath, command_id: CommandPath) -> Response:
    """What became of a command; `pending` while nothing is known of it, and again a day later."""
    parts = parts_of(request)
    await parts.caller(request)
    try:
        stored = await parts.line.call("GET", keys.command(command_id[:64]))
    except REDIS_AWAY:
        raise away("redis") from None
    found = orjson.loads(stored) if stored else {}
    status = {"status": "pending", "version": None, "code": None}
    if found.get("match") == match_id:
        status = {field: found[field] for field in status}
    return Answer(orjson.dumps(status))


async def _taken(parts: Parts, request: Request) -> tuple[Claims, str, bytes]:
    """Caller, Idempotency-Key and raw body of a command."""
    caller = await parts.caller(request)
    await parts.limit_commands(request)
    key = idempotency_key(request.headers.get("idempotency-key"))
    return caller, key, await body.read(request)


def _entropy() -> str:
    return secrets.token_hex(ENTROPY_BYTES)


async def _submit(parts: Parts, request: Request, command: Command, location: str, status: int) -> Response:
    wait = prefer_wait(request.headers.get("prefer"))
    trace = traceparent(trace_id_of(request.scope))
    resource, most = (command.key, IN_FLIGHT) if status == 200 else (MATCHES, CREATES_IN_FLIGHT)
    with parts.in_flight.place(command.player, resource, command.id, most):
        try:
            viewed = await parts.submit(command, trace, wait)
        except LogAway:
            raise unavailable() from None
    if viewed is None:
        return _accepted(command, location)
    return _viewed(viewed, location, status, wait)


def _accepted(command: Command, location: str) -> Response:
    headers = {**NO_STORE, "location": location, "retry-after": str(RETRY_AFTER)}
    return Answer(orjson.dumps({"match": command.key, "command": command.id}), 202, headers)


def _viewed(viewed: Viewed, location: str, status: int, wait: int | None) -> Response:
    headers = {**NO_STORE, "etag": etag(viewed.version, viewed.seat), "preference-applied": f"wait={wait}"}
    if status == 201:
        headers["location"] = location
    return Answer(viewed.body, status, headers)
