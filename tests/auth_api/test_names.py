"""Names of guests."""

from hypothesis import given
from hypothesis import strategies as st

from auth_api.names import ADJECTIVES, ANIMALS, guest_name


@given(st.integers(0, 2**32 - 1))
def test_every_chance_gives_a_short_plain_name(chance: int) -> None:
    name = guest_name(chance)
    assert name.isascii()
    assert 3 <= len(name) <= 40
    assert guest_name(chance) == name


def test_all_pairs_occur() -> None:
    names = {guest_name(chance) for chance in range(len(ADJECTIVES) * len(ANIMALS))}
    assert len(names) == len(ADJECTIVES) * len(ANIMALS)
