"""What became of a command, as Redis has it under its id: one value, for the session worker and the gateway."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict


@with_config(ConfigDict(strict=True, extra="ignore"))
class CommandResult(TypedDict):
    """The verdict on the first command of this id. `version` is its match's after it, `cause` its offset.

    digest: of its word, by which another body under the same id is told.
    """

    status: Literal["accepted", "rejected"]
    version: Annotated[int, Field(ge=0)]
    code: str | None
    digest: str | None
    match: str | None
    cause: Annotated[int, Field(ge=0)]


_validate = TypeAdapter(CommandResult).validator.validate_json


def read_result(raw: bytes | None) -> CommandResult | None:
    """What stands in Redis; None for whatever is no result, which is then as good as absent."""
    try:
        result: CommandResult | None = _validate(raw) if raw else None
    except ValueError:
        return None
    return result
