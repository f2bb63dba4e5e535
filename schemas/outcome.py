"""The outcome record: what became of one command, and all that readers need to know about it."""

from dataclasses import dataclass
from typing import Any, TypedDict

from pydantic import ConfigDict, with_config

from schemas.match import MatchEvent
from schemas.view import PublicView
from schemas.word import STRICT, JsonObject, Millis


@with_config(STRICT)
@dataclass
class Outcome:
    """One per command, always; a rejected, repeated or unreadable one carries no view and raises no version.

    command_id, player: null where the command could not be read.  at: its effective time.
    version: how many outcomes of the match carry events so far.  duplicate_of: offset of the command that
    this one repeats; `rejection` is then the first one's verdict.  digest: of the command's word.
    public: what everybody may see; private: by seat, only where a seat has a secret.
    deadline: when the match needs its timer next.  A late command has both events (the time-out) and a
    rejection.  Not frozen, for speed: nobody changes one.
    """

    command_id: str | None
    player: str | None
    at: Millis
    version: int
    events: tuple[MatchEvent, ...] = ()
    rejection: str | None = None
    duplicate_of: int | None = None
    digest: str | None = None
    public: PublicView | None = None
    private: JsonObject | None = None
    deadline: Millis | None = None
    follow_ups: tuple[JsonObject, ...] = ()


@with_config(ConfigDict(strict=True, extra="ignore"))
@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
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
