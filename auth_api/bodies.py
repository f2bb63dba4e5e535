"""What auth_api's requests and answers look like; the OpenAPI document comes from these."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class Body(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class NewGuest(Body):
    """Nothing to say: a guest is nobody yet."""


class RefreshWith(Body):
    """A program sends its refresh token; a browser sends `{}`, its cookie has it."""

    refresh_token: Annotated[str, Field(min_length=1, max_length=4096)] | None = None


class PlayerOut(Body):
    id: UUID
    name: str


class TokensOut(Body):
    """Tokens are absent where a browser asked: it gets them as HttpOnly cookies."""

    player: PlayerOut
    access_token: str | None = None
    refresh_token: str | None = None
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105
    expires_in: Annotated[int, Field(description="life of the access token, seconds")]


class MeOut(Body):
    player: PlayerOut
    kind: Literal["guest"] = "guest"
