"""What a word is: a frozen dataclass that pydantic validates strictly and orjson writes as it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, TypeVar, dataclass_transform

from pydantic import ConfigDict, with_config

STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

Seat: TypeAlias = int  # 0 is the creator's
Millis: TypeAlias = int  # Unix time in milliseconds, on the broker's clock
JsonObject: TypeAlias = Mapping[str, Any]

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def word(cls: type[T]) -> type[T]:
    """Make a class a word: frozen, keyword-only, closed to unknown fields on the wire.

    Measured on a small event: a dataclass is made in 0.7 us and written in 0.2 us (0.7 us with slots, which
    orjson reads field by field), a pydantic model in 1.1 us and 1.0 us; reading costs the same, because
    pydantic validates both.
    """
    return with_config(STRICT)(dataclass(frozen=True, kw_only=True)(cls))


class Event:
    """A fact, in the past tense. `secret` ones stay hidden until a later event of the match `settles` them."""

    __slots__ = ()
    secret: ClassVar[bool] = False
    settles: ClassVar[bool] = False
    type: str


class CommandWord:
    """A wish, in the imperative."""

    __slots__ = ()
    type: str
