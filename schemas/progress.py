"""How far a partition of outcomes was read into Redis: one value, for the session worker and the gateway."""

from typing import Annotated, Any

import orjson
from pydantic import Field, TypeAdapter

from schemas.log import START, Cursor, Fence
from schemas.word import word


@word
class Saved:
    """A place: the next offset, the reader rule's cursor there, and the last accepted outcome's CRC-32 (0: none).

    rebuild: only while the partition is being written anew, and what is absent says nothing; its writer's token,
    so that it notices a store that is emptied meanwhile, or a rival.
    """

    next: Annotated[int, Field(ge=0)]
    fence: tuple[Annotated[int, Field(ge=0)], str] | None
    watermark: Annotated[int, Field(ge=-1)]
    crc: Annotated[int, Field(ge=0)]
    rebuild: str | None = None

    @property
    def cursor(self) -> Cursor:
        """The reader rule's cursor at `next`."""
        return Cursor(None if self.fence is None else Fence(*self.fence), self.watermark)


_validate = TypeAdapter(Saved).validator.validate_json


def encode_saved(following: int, cursor: Cursor, crc: int) -> bytes:
    """A place as it stands in Redis; the same place is always the same bytes, by which its writer claims it."""
    return orjson.dumps(_fields(following, cursor, crc))


def encode_unfinished(token: str) -> bytes:
    """What stands in the place of progress while a partition is written anew."""
    return orjson.dumps({**_fields(0, START, 0), "rebuild": token})


def _fields(following: int, cursor: Cursor, crc: int) -> dict[str, Any]:
    fence = None if cursor.fence is None else list(cursor.fence)
    return {"next": following, "fence": fence, "watermark": cursor.watermark, "crc": crc}


def read_saved(raw: bytes) -> Saved | None:
    """What stands in Redis; None for whatever is no progress, which is then as good as absent."""
    try:
        saved: Saved = _validate(raw)
    except ValueError:
        return None
    return saved
