"""The last step of a takeover's fold: the worker's own fence must stand where it was acknowledged."""

from typing import NamedTuple

import pytest

from engine_worker.folding import Fold
from engine_worker.owner import LostOwnership
from engine_worker.restore import Restored
from schemas.codec import encode_fence
from schemas.log import Fence


class Line(NamedTuple):
    """What the fold reads of a consumed record."""

    offset: int
    key: bytes | None
    value: bytes
    headers: list[tuple[str, bytes]]


def fold(fence_id: str, expected: Fence) -> bool:
    return Fold({0: expected}, {0: Restored()}, {}).feed(0, [Line(0, *encode_fence(fence_id, "engine-1", 0))])


def test_the_fold_ends_at_the_workers_own_fence() -> None:
    assert fold("mine", Fence(0, "mine"))
    assert not fold("mine", Fence(7, "mine"))


def test_a_lost_tail_with_another_fence_in_its_place_ends_the_term() -> None:
    with pytest.raises(LostOwnership):
        fold("anothers", Fence(0, "mine"))
