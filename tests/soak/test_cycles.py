"""Who dies when, and what the smallest of some looks is."""

from tests.soak.census import Held, least
from tests.soak.cycles import VICTIMS, victims


def test_every_victim_has_an_equal_stretch_of_cycles() -> None:
    found = victims(200)
    assert len(found) == 200
    assert [*dict.fromkeys(found)] == [*VICTIMS]
    assert all(found.count(victim) in (33, 34) for victim in VICTIMS)
    assert victims(6) == [*VICTIMS]


def test_what_was_open_for_a_moment_does_not_count() -> None:
    looks = [{"one": Held(10, 5, 1, 2)}, {"one": Held(12, 4, 1, 3)}]
    assert least(looks) == {"one": Held(10, 4, 1, 2)}
