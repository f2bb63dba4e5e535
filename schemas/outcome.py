"""The outcome record: what became of one command, and all that readers need to know about it."""

from typing import Annotated, Any, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from schemas.match import MatchEvent
from schemas.view import PublicView
from schemas.word import STRICT, JsonObject, Millis

NULL = Field(json_schema_extra={"default": None})


@with_config(STRICT)
class Outcome(TypedDict):
    """One per command, always; a rejected, repeated or unreadable one carries no view and raises no version.

    command_id, player: null where the command could not be read.  at: its effective time.
    version: how many outcomes of the match carry events so far.  duplicate_of: offset of the command that
    this one repeats; `rejection` is then the first one's verdict.  digest: of the command's word.
    public: what everybody may see; private: by seat, only where a seat has a secret.
    deadline: when the match needs its timer next.  A late command has both events (the time-out) and a
    rejection.  A plain dict, since the engine makes one for every command: 0.2 us instead of 0.8.
    """

    command_id: str | None
    player: str | None
    at: Millis
    version: int
    events: NotRequired[tuple[MatchEvent, ...]]
    rejection: NotRequired[Annotated[str | None, NULL]]
    duplicate_of: NotRequired[Annotated[int | None, NULL]]
    digest: NotRequired[Annotated[str | None, NULL]]
    public: NotRequired[Annotated[PublicView | None, NULL]]
    private: NotRequired[Annotated[JsonObject | None, NULL]]
    deadline: NotRequired[Annotated[Millis | None, NULL]]
    follow_ups: NotRequired[Annotated[tuple[JsonObject, ...], Field(json_schema_extra={"default": []})]]


def without_events(
    command_id: str | None,
    player: str | None,
    at: Millis,
    version: int,
    rejection: str | None,
    duplicate_of: int | None = None,
    digest: str | None = None,
) -> Outcome:
    """The outcome of a command that changed nothing: rejected, unreadable, or the repeat of an earlier one."""
    return {
        "command_id": command_id,
        "player": player,
        "at": at,
        "version": version,
        "events": (),
        "rejection": rejection,
        "duplicate_of": duplicate_of,
        "digest": digest,
        "public": None,
        "private": None,
        "deadline": None,
        "follow_ups": (),
    }


@with_config(ConfigDict(strict=True, extra="ignore"))
class Facts(TypedDict):
    """The part of an outcome that the fold needs: its own words without the views cut from them."""

    command_id: str | None
    player: str | None
    at: Millis
    version: int
    events: tuple[MatchEvent, ...]
    rejection: str | None
    duplicate_of: int | None
    digest: str | None
    deadline: Millis | None


class OutcomeDocument(TypedDict):
    """An outcome as plain JSON, for readers that pass its parts on: session worker, history sink, exports."""

    command_id: str | None
    player: str | None
    at: Millis
    version: int
    events: list[dict[str, Any]]
    rejection: str | None
    duplicate_of: int | None
    digest: str | None
    public: dict[str, Any] | None
    private: dict[str, Any] | None
    deadline: Millis | None
    follow_ups: list[dict[str, Any]]
