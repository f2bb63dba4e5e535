"""Commands over HTTP: open a match, join, play, resign, ask for a rematch; and what became of a command."""

import secrets
from typing import Any, Literal, NamedTuple

import orjson
import structlog
from fastapi import APIRouter, Request, Response

from gateway_api import documented, requests
from gateway_api.answers import RETRY_AFTER, unavailable
from gateway_api.commands_log import LogAway
from gateway_api.headers import idempotency_key, prefer_wait
from gateway_api.limits import CREATES_IN_FLIGHT, IN_FLIGHT
from gateway_api.parts import (
    NO_STORE,
    Answer,
    CommandPath,
    MatchPath,
    Parts,
    Plain,
    command_id_of,
    match_id_of,
    parts_of,
)
from gateway_api.submit import REDIS_AWAY, Viewed
from gateway_api.views import etag
from infra.http import body
from infra.http.problems import away
from infra.http.trace import trace_id_of, traceparent
from infra.redis_line import Reply
from schemas import ids, keys
from schemas.command import Command
from schemas.result import read_result
from schemas.view import MatchView
from schemas.word import word

log = structlog.get_logger()
ENTROPY_BYTES = 16
MATCHES = "/v1/matches"
router = APIRouter(route_class=Plain, tags=["matches"])


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
    taken = await _taken(parts, request, MATCHES)
    word = requests.new_match(body.decode(taken.body))
    match = ids.match_id(taken.command)
    sent = Command(taken.command, match, taken.player, _entropy(), word)
    return await _submit(parts, request, sent, taken.result, f"{MATCHES}/{match}", 201)


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
    path = f"{MATCHES}/{match_id}/commands"
    taken = await _taken(parts, request, path)
    word = requests.player_command(body.decode(taken.body))
    match_id_of(match_id)
    sent = Command(taken.command, match_id, taken.player, _entropy(), word)
    return await _submit(parts, request, sent, taken.result, f"{path}/{taken.command}", 200)


@router.get(
    MATCHES + "/{match_id}/commands/{command_id}",
    responses={200: {"model": CommandStatus}, **documented.READ_PROBLEMS},
)
async def command_status(request: Request, match_id: MatchPath, command_id: CommandPath) -> Response:
    """What became of a command; `pending` while nothing is known of it, and again a day later."""
    parts = parts_of(request)
    await parts.caller(request)
    match, key = match_id_of(match_id), keys.command(command_id_of(command_id))
    try:
        stored = await parts.line.call("GET", key)
    except REDIS_AWAY:
        raise away("redis") from None
    found = read_result(stored)
    status: dict[str, Any] = {"status": "pending", "version": None, "code": None}
    if found is not None and found["match"] == match:
        status = {"status": found["status"], "version": found["version"], "code": found["code"]}
    return Answer(orjson.dumps(status))


class Taken(NamedTuple):
    """A command as it came: its id, the reply that will tell whether it has a result already, its raw body."""

    player: str
    command: str
    result: Reply
    body: bytes


async def _taken(parts: Parts, request: Request, path: str) -> Taken:
    player = (await parts.caller(request)).subject
    await parts.limit_commands(request)
    command = ids.command_id(player, "POST", path, idempotency_key(request.headers.get("idempotency-key")))
    result = parts.submit.ask(command)  # on its way while the body is read and checked
    return Taken(player, command, result, await body.read(request))


def _entropy() -> str:
    return secrets.token_hex(ENTROPY_BYTES)


async def _submit(
    parts: Parts, request: Request, command: Command, result: Reply, location: str, status: int
) -> Response:
    wait = prefer_wait(request.headers.get("prefer"))
    trace = traceparent(trace_id_of(request.scope))
    resource, most = (command.key, IN_FLIGHT) if status == 200 else (MATCHES, CREATES_IN_FLIGHT)
    with parts.in_flight.place(command.player, resource, command.id, most):
        try:
            viewed = await parts.submit(command, result, trace, wait)
        except LogAway:
            log.warning("command_not_taken", command_id=command.id, match_id=command.key)
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
