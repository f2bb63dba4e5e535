"""Reading a match: the caller's view, the stream of views, its history; a player's matches; the games on offer."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Request, Response

from gateway_api import catalogue, documented, history
from gateway_api.answers import unknown_match
from gateway_api.headers import is_current, last_event_id
from gateway_api.parts import Answer, MatchPath, Parts, Plain, is_player, match_id_of, parts_of
from gateway_api.sse import Audience
from gateway_api.store import FIRST, PostgresAway, cursor_place
from gateway_api.views import etag
from infra.http.openapi import problems
from infra.http.problems import FieldError, Problem, away
from schemas.view import MatchView

MOST_LISTED = 100
LISTED = 20
VARY = {"vary": "Authorization, Cookie", "cache-control": "private, no-cache"}
PlayerPath = Annotated[str, Path(min_length=1, max_length=64, description="The player's id.")]
router = APIRouter(route_class=Plain)


@router.get(
    "/v1/matches/{match_id}",
    tags=["matches"],
    responses={
        200: {"model": MatchView, "headers": documented.ETAG},
        304: {"description": "The caller holds the newest view."},
        **documented.READ_PROBLEMS,
    },
    openapi_extra={"parameters": [documented.IF_NONE_MATCH]},
)
async def view(request: Request, match_id: MatchPath) -> Response:
    """The match as the caller may see it now."""
    parts = parts_of(request)
    caller = await parts.caller(request)
    snapshot, names = await parts.reading.newest(match_id_of(match_id), caller.subject)
    seat = snapshot.seat_of(caller.subject)
    tag = etag(snapshot.version, seat)
    if is_current(request.headers.get("if-none-match"), tag):
        return Response(None, 304, {**VARY, "etag": tag})
    return Answer(snapshot.view(seat, names), 200, {**VARY, "etag": tag})


@router.get(
    "/v1/matches/{match_id}/events",
    tags=["matches"],
    responses={**documented.STREAM, **problems(401, 403, 404, 429, 503)},
    openapi_extra={"parameters": [documented.LAST_EVENT_ID]},
)
async def events(request: Request, match_id: MatchPath) -> Response:
    """The caller's views of the match as they come: the newest at once, then each newer one."""
    parts = parts_of(request)
    caller = await parts.caller(request)
    seen = last_event_id(request.headers.get("last-event-id"))
    address = parts.limited_address(request)
    audience = Audience(match_id_of(match_id), caller.subject, caller.session, seen, caller.expires, address)
    return parts.streams.open(request, audience, parts.reading.first_look)


@router.get(
    "/v1/matches/{match_id}/history",
    tags=["history"],
    responses={200: {"model": history.MatchHistory}, **documented.HISTORY_PROBLEMS},
)
async def match_history(request: Request, match_id: MatchPath) -> Response:
    """Every event of the match in order, up to the first secret that is not settled yet."""
    parts = parts_of(request)
    await parts.limit_history(request, (await parts.caller(request)).subject)
    try:
        row = await parts.store.match(match_id_of(match_id))
        if row is None:
            raise unknown_match()
        found = await parts.store.events(match_id)
    except PostgresAway:
        raise away("postgres") from None
    names = await parts.names.of(history.players_of([row]))
    return Answer(orjson.dumps(history.history(row, found, names)), 200, VARY)


@router.get(
    "/v1/players/{player_id}/matches",
    tags=["history"],
    responses={200: {"model": history.MatchPage}, **documented.PAGE_PROBLEMS},
)
async def player_matches(
    request: Request,
    player_id: PlayerPath,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = LISTED,
    cursor: Annotated[str | None, Query(description="`next` of the page before.")] = None,
) -> Response:
    """A player's matches, the newest first; none for an id that is no player's, such as the computer's."""
    parts = parts_of(request)
    await parts.limit_history(request, (await parts.caller(request)).subject)
    limit, place = _limit(request.query_params.get("limit")), FIRST
    if (cursor := request.query_params.get("cursor")) is not None:
        found = cursor_place(cursor)
        if found is None:
            raise _wrong("query/cursor", "is not a cursor of this list")
        place = found
    return await _page(parts, player_id, place, limit)


@router.get("/v1/games", tags=["games"], responses={200: {"model": catalogue.Games}, **problems(401, 403, 503)})
async def games(request: Request) -> Response:
    """The games on offer: their options and the JSON Schema of their moves."""
    await parts_of(request).caller(request)
    return Answer(orjson.dumps(catalogue.games()), 200, VARY)


async def _page(parts: Parts, player: str, place: Any, limit: int) -> Response:
    if "\x00" in player or len(player) > 64:
        raise _wrong("path/player_id", "is not a player's id")
    try:  # the computer has a seat in every other match: nobody needs that list, and it is long to sort
        rows = await parts.store.matches_of(player, place, limit + 1) if is_player(player) else []
    except PostgresAway:
        raise away("postgres") from None
    names = await parts.names.of(history.players_of(rows))
    return Answer(orjson.dumps(history.page(rows, limit, names)), 200, VARY)


def _limit(text: str | None) -> int:
    if text is None:
        return LISTED
    if not text.isascii() or not text.isdecimal() or len(text) > 3 or not 1 <= int(text) <= MOST_LISTED:
        raise _wrong("query/limit", f"must be a number from 1 to {MOST_LISTED}")
    return int(text)


def _wrong(pointer: str, detail: str) -> Problem:
    sentence = "The request does not have the right form."
    return Problem(422, "invalid_input", sentence, errors=[FieldError(pointer, detail)])
