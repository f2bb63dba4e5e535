"""Ids are derived: a repeated request is the same command, a repeated create the same match."""

from itertools import combinations
from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from schemas import ids, keys, tables
from tests.words import ANN, BOB


def test_one_key_of_one_player_on_one_resource_is_one_command() -> None:
    assert ids.command_id(ANN, "POST", "/v1/matches", "k") == ids.command_id(ANN, "POST", "/v1/matches", "k")


def test_player_method_path_and_key_each_make_another_command() -> None:
    asked = [
        (ANN, "POST", "/v1/matches", "k"),
        (BOB, "POST", "/v1/matches", "k"),
        (ANN, "PUT", "/v1/matches", "k"),
        (ANN, "POST", "/v1/matches/x", "k"),
        (ANN, "POST", "/v1/matches", "l"),
    ]
    assert all(ids.command_id(*one) != ids.command_id(*other) for one, other in combinations(asked, 2))


def test_parts_of_an_id_do_not_run_into_one_another() -> None:
    assert ids.command_id("a", "b", "c", "d") != ids.command_id("a", "b", "cd", "")


def test_an_id_stays_what_it_was() -> None:
    command = ids.command_id("p", "POST", "/v1/matches", "k")
    assert command == "461fc8e1-941e-53a2-a9cf-57c751b42a19"
    assert ids.match_id(command) == "2576489b-bb50-56df-aa15-82b8e664ad86"
    assert ids.timer_id(ids.match_id(command), 7) == "54019970-dac4-58f3-b322-3763888f088e"


@given(st.uuids(), st.text(st.characters(exclude_categories=["Cs"])), st.integers(min_value=0))
def test_ids_are_those_of_rfc_9562(name: UUID, key: str, deadline: int) -> None:
    assert ids.command_id("p", "POST", "/v1", key) == str(uuid5(UUID(bytes=ids.NAMESPACE), f"p\nPOST\n/v1\n{key}"))
    assert ids.match_id(str(name)) == str(uuid5(name, "match"))
    assert ids.timer_id(str(name), deadline) == str(uuid5(name, f"time-elapsed/{deadline}"))


def test_a_deadline_has_one_timer_command_whoever_writes_it() -> None:
    match = ids.match_id(ids.command_id("p", "POST", "/v1/matches", "k"))
    assert ids.timer_id(match, 7) == ids.timer_id(match, 7) != ids.timer_id(match, 8)
    assert UUID(ids.timer_id(match, 7)).version == 5


def test_redis_keys_are_named_as_agreed() -> None:
    assert keys.match("m") == "playlog:match:m"
    assert keys.command("c") == "playlog:command:c"
    assert keys.progress(3) == "playlog:progress:3"
    assert keys.player("p") == "playlog:player:p"


def test_tables_lie_in_the_schema_of_history() -> None:
    names = {tables.MATCHES, tables.SEATS, tables.EVENTS, tables.RESULTS, tables.PROGRESS}
    assert {name.split(".")[0] for name in names} == {tables.SCHEMA}
