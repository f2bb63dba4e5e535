"""A match's history is shown up to its first secret that nothing has settled yet."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.match import MatchEvent
from schemas.visibility import SECRET, SETTLES, shown

THROWN, OTHER, ROUND_ENDED = "rps.shape-thrown.v1", "rpsfw.shape-thrown.v1", "match.round-ended.v1"
ENDED, OPENED, JOINED = "match.ended.v1", "match.round-opened.v1", "match.player-joined.v1"
TAGS = [member.__dataclass_fields__["type"].default for member in get_args(get_args(MatchEvent)[0])]


@pytest.mark.parametrize(
    ("types", "count"),
    [
        ([], 0),
        ([JOINED, OPENED], 2),
        ([JOINED, OPENED, THROWN], 2),
        ([JOINED, OPENED, OTHER], 2),
        ([THROWN, THROWN], 0),
        ([THROWN, THROWN, ROUND_ENDED], 3),
        ([THROWN, ROUND_ENDED, OPENED, THROWN], 3),
        ([THROWN, ENDED], 2),
        ([THROWN, JOINED], 0),
    ],
)
def test_secrets_are_hidden_until_they_are_settled(types: list[str], count: int) -> None:
    assert shown(types) == count


@given(st.lists(st.sampled_from(TAGS)))
def test_no_shown_event_is_an_unsettled_secret(types: list[str]) -> None:
    visible = types[: shown(types)]
    settled = max((i for i, tag in enumerate(types) if tag in SETTLES), default=-1)
    assert all(tag not in SECRET or i < settled for i, tag in enumerate(visible))
    assert len(visible) == len(types) or types[len(visible)] in SECRET


def test_only_throws_are_secret() -> None:
    assert {THROWN, OTHER} == SECRET
    assert {ROUND_ENDED, ENDED} == SETTLES
