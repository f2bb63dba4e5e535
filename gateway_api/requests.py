"""From a request's body to the word of a command, strictly and by hand: the hot path of every move."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, TypeAlias

import orjson
from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from infra.http.problems import FieldError, Problem, from_validation
from schemas.games import CATALOGUE
from schemas.match import BestOf, Create, Join, MoveSeconds, Opponent, Options, Play, Rematch, Resign
from schemas.word import JsonObject, word

MOVE_BYTES = 1024
LAST_ROUND = 2**31 - 1
PlayerCommand: TypeAlias = Join | Play | Resign | Rematch
# pydantic's names for two errors of dataclasses, in the words that people use for JSON
KINDS = {"unexpected_keyword_argument": "extra_forbidden", "dataclass_type": "object_type"}


def _whole(value: Any) -> Any:
    """Literal numbers compare with ==, so that true and 1.0 would pass for 1."""
    if type(value) not in (int, type(None)):
        raise ValueError
    return value


@word
class NewOptions:
    """How the new match is played; what is absent takes the game's own default."""

    best_of: Annotated[BestOf | None, BeforeValidator(_whole)] = None
    move_seconds: MoveSeconds = 30
    opponent: Opponent = "open"


@word
class NewMatch:
    """A match to open; the caller gets seat 0."""

    game: Annotated[str, Field(min_length=1, max_length=40)]
    options: NewOptions = NewOptions()


@word
class JoinRequest:
    """Take the free seat."""

    type: Literal["join"]


@word
class PlayRequest:
    """Make a move, as the game's own schema says; `round` is the round it is meant for."""

    type: Literal["play"]
    move: JsonObject
    round: Annotated[int, Field(ge=1, le=LAST_ROUND)] | None = None


@word
class ResignRequest:
    """Give the match up."""

    type: Literal["resign"]


@word
class RematchRequest:
    """Ask for, or agree to, another match at the same table."""

    type: Literal["rematch"]


CommandRequest: TypeAlias = Annotated[
    JoinRequest | PlayRequest | ResignRequest | RematchRequest, Field(discriminator="type")
]
_new_match = TypeAdapter(NewMatch)


def new_match(body: Any) -> Create:
    """The word that opens a match; 422 problems for a wrong field or an unknown game."""
    try:
        asked = _new_match.validate_json(orjson.dumps(body))  # strict words take dicts from JSON alone
    except ValidationError as error:
        found = error.errors(include_input=False, include_context=False)
        renamed = [{**item, "type": KINDS.get(item["type"], item["type"])} for item in found]
        raise from_validation(renamed) from None
    entry = CATALOGUE.get(asked.game)
    if entry is None:
        raise Problem(422, "unknown_game", "There is no such game.", errors=[FieldError("/game", "is not known")])
    options = Options(
        best_of=asked.options.best_of or entry.best_of,  # type: ignore[arg-type]
        move_seconds=asked.options.move_seconds,
        opponent=asked.options.opponent,
    )
    return Create(game=entry.name, rules=entry.rules, options=options)


def player_command(body: Any) -> PlayerCommand:
    """The word that a player sends to a match; 422 problems name the wrong field."""
    if not isinstance(body, dict):
        raise _wrong("", "must be of type object")
    kind = body.get("type")
    if kind == "play":
        return _play(body)
    build = _PLAIN.get(kind) if isinstance(kind, str) else None
    if build is None:
        raise _wrong("/type", "is none of the allowed values" if "type" in body else "is required")
    if len(body) > 1:
        raise _wrong("", "has a field that is not known")
    return build()


def _play(body: Mapping[str, Any]) -> Play:
    move, number = body.get("move"), body.get("round")
    if not isinstance(move, dict):
        raise _wrong("/move", "must be of type object" if "move" in body else "is required")
    if len(orjson.dumps(move)) > MOVE_BYTES:
        raise _wrong("/move", f"may have at most {MOVE_BYTES} bytes")
    if number is not None and (type(number) is not int or not 1 <= number <= LAST_ROUND):
        raise _wrong("/round", "is not the number of a round")
    if len(body) != 2 + ("round" in body):
        raise _wrong("", "has a field that is not known")
    return Play(move=move, round=number)


def _wrong(pointer: str, detail: str) -> Problem:
    sentence = "The request does not have the right form."
    return Problem(422, "invalid_input", sentence, errors=[FieldError(pointer, detail)])


_PLAIN: dict[str, Callable[[], PlayerCommand]] = {"join": Join, "resign": Resign, "rematch": Rematch}
