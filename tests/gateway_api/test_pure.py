"""The pure parts: headers, bodies, views, limits, readiness."""

import json
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson
import pytest
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from gateway_api.answers import STATUS, rejected
from gateway_api.flow import STUCK_SECONDS, Progress, group_problem, watermark_of
from gateway_api.headers import idempotency_key, is_current, last_event_id, prefer_wait
from gateway_api.history import history
from gateway_api.limits import InFlight, Slots, streams_within
from gateway_api.requests import CommandRequest, player_command
from gateway_api.store import Place, cursor_place, cursor_text
from gateway_api.views import Snapshot, etag, from_redis
from infra.http.problems import Problem
from schemas.codec import newest_event
from schemas.log import START
from schemas.progress import encode_saved
from schemas.rejections import Code
from schemas.view import MatchView
from tests.gateway_api.double import new_view

MATCH = "00000000-0000-5000-8000-000000000000"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("wait=5", 5),
        ("respond-async, wait=3", 3),
        ("wait = 2; x", 2),
        ('wait="4"', 4),
        ("WAIT=1", 1),
        ("wait=999999", 10),
        ("wait=0", None),
        ("wait=-1", None),
        ("await=5", None),
        ("wait=5x", None),
        ("", None),
        (None, None),
    ],
)
def test_prefer_wait_is_read_as_rfc_7240_says(value: str | None, seconds: int | None) -> None:
    assert prefer_wait(value) == seconds


def test_keys_may_be_quoted() -> None:
    assert idempotency_key('"a b"') == idempotency_key(" a b ") == "a b"
    for wrong in (None, "", '""', "a" * 256, "\x00", "ä"):
        with pytest.raises(Problem):
            idempotency_key(wrong)


@given(st.text(max_size=400))
def test_any_last_event_id_is_a_number(text: str) -> None:
    assert 0 <= last_event_id(text) < 10**15


def test_an_etag_is_current_only_for_the_same_seat() -> None:
    assert is_current('"1", W/"7.0"', etag(7, 0))
    assert not is_current('"7"', etag(7, 0))
    assert not is_current('"7.0"', etag(7, 1))


def test_a_view_is_a_match_view_for_every_audience() -> None:
    public = new_view(MATCH, "rps", ["ann", "computer"])
    snapshot = from_redis([b"3", orjson.dumps({**public, "version": 3}), b'{"shape":"rock"}'], [0])
    assert snapshot is not None
    ann = TypeAdapter(MatchView).validate_json(snapshot.view(snapshot.seat_of("ann"), {"ann": "Ann"}))
    eve = TypeAdapter(MatchView).validate_json(snapshot.view(snapshot.seat_of("eve"), {}))
    assert (ann.you, ann.mine, eve.you, eve.mine) == (0, {"shape": "rock"}, None, None)
    assert [seat and seat.name for seat in ann.seats] == ["Ann", "Computer"]
    assert snapshot.seat_of("computer") is None


NEWER = {
    "rps.shape-thrown.v0": lambda event: {
        "type": "rps.shape-thrown.v1",
        "seat": event["player"],
        "shape": event["hand"],
    },
    "match.round-ended.v0": lambda event: {**event, "type": "match.round-ended.v1", "missed": []},
}


def test_given_events_stored_in_older_versions_then_they_are_told_in_the_newest_and_secrets_stay_hidden() -> None:
    at = datetime(2026, 11, 21, 8, 0, 0, 0, UTC)
    row: dict[str, Any] = dict.fromkeys(("game", "status", "version", "winner", "score", "options", "ended_by"))
    row |= {"id": MATCH, "seats": [], "created_at": at, "ended_at": None}
    stored: list[tuple[str, dict[str, Any]]] = [
        ("rps.shape-thrown.v0", {"player": 0, "hand": "rock"}),
        ("rps.shape-thrown.v1", {"seat": 1, "shape": "rock"}),
        ("match.round-ended.v0", {"winner": None}),
        ("rps.shape-thrown.v0", {"player": 0, "hand": "paper"}),
        ("match.rematch-asked.v1", {"seat": 1}),
    ]
    events = [{"version": n, "at": at, "type": tag, "body": body} for n, (tag, body) in enumerate(stored, 1)]
    told = history(row, events, {}, partial(newest_event, steps=NEWER))
    common = {"at": "2026-11-21T08:00:00.000Z"}
    assert told["events"] == [
        {**common, "version": 1, "type": "rps.shape-thrown.v1", "seat": 0, "shape": "rock"},
        {**common, "version": 2, "type": "rps.shape-thrown.v1", "seat": 1, "shape": "rock"},
        {**common, "version": 3, "type": "match.round-ended.v1", "winner": None, "missed": []},
    ]


def test_only_an_ended_match_without_deadline_is_over() -> None:
    view = new_view(MATCH, "rps", ["ann", None])
    assert not Snapshot(1, view).terminal
    assert not Snapshot(1, {**view, "status": "ended"}).terminal
    assert Snapshot(1, {**view, "status": "ended", "deadline": None}).terminal


def test_a_match_that_redis_does_not_have_is_none() -> None:
    assert from_redis([None, None], []) is None


def test_every_code_has_its_status() -> None:
    found = {code: rejected(code).status_code for code in Code}
    assert {code for code, status in found.items() if status == 409} == set(Code) - set(STATUS)
    assert (found[Code.NOT_SEATED], found[Code.UNKNOWN_MATCH], found[Code.UNKNOWN_MOVE]) == (403, 404, 422)
    assert rejected(Code.UNKNOWN_MATCH).headers == {"retry-after": "1"}


bodies = st.fixed_dictionaries(
    {"type": st.sampled_from(["join", "play", "resign", "rematch"])},
    optional={
        "move": st.dictionaries(st.text(max_size=3), st.integers(-3, 3), max_size=2) | st.integers(),
        "round": st.integers(-1, 3) | st.booleans() | st.none() | st.floats(0, 2),
        "seat": st.integers(0, 1),
    },
)


@given(bodies)
def test_reading_by_hand_takes_what_the_documented_model_takes(body: dict[str, Any]) -> None:
    """`round: null` is the model's default written out."""
    try:
        TypeAdapter(CommandRequest).validate_json(json.dumps(body))
        valid = True
    except ValueError:
        valid = False
    try:
        player_command(body)
        taken = True
    except Problem:
        taken = False
    assert taken == valid


def test_a_repeated_key_shares_its_place() -> None:
    flight = InFlight()
    with flight.place("ann", "m", "a"), flight.place("ann", "m", "a"), flight.place("ann", "m", "b"):
        with flight.place("ann", "other", "c"), flight.place("bob", "m", "c"):
            pass
        with pytest.raises(Problem), flight.place("ann", "m", "c"):
            pass
    with flight.place("ann", "m", "c"), flight.place("ann", "m", "d"):
        pass


def test_slots_are_given_back() -> None:
    slots = Slots(most=3, per_player=2, per_address=2)
    for _ in range(5):
        with (
            slots.slot("ann", "1.2.3.4"),
            slots.slot("ann", None),
            pytest.raises(Problem),
            slots.slot("ann", None),
        ):
            pass
    assert slots.open == 0


@pytest.mark.parametrize(("files", "streams"), [(65_536, 10_000), (10_100, 9_600), (1_024, 524), (256, 128)])
def test_streams_leave_open_files_for_commands(files: int, streams: int) -> None:
    assert streams_within(files, 10_000) == streams


def test_a_cursor_names_its_place() -> None:
    from uuid import uuid4

    place = Place(datetime(2026, 11, 21, 8, 0, 0, 123456, UTC), uuid4())
    assert cursor_place(cursor_text(place)) == place
    assert cursor_place("junk") is None
    assert cursor_place("ä") is None


def group(state: str, *assigned: list[int]) -> Any:
    members = [
        ("id", "client", "host", b"", ConsumerProtocolMemberAssignment(0, [("t", parts)], b"").encode())
        for parts in assigned
    ]
    return (0, "engine-matches", state, "consumer", "range", members)


def test_a_group_serves_when_it_is_stable_and_holds_all() -> None:
    assert group_problem(group("Stable", [0, 1], [2]), "t", 3) == ""
    assert "2 of 3" in group_problem(group("Stable", [0, 1]), "t", 3)
    assert "0 of 3" in group_problem(group("Stable", [0, 1, 2]), "other", 3)
    assert "Empty" in group_problem(group("Empty"), "t", 3)
    assert "error 15" in group_problem((15, "g", "", "", "", []), "t", 3)


def test_a_partition_is_stuck_when_old_commands_stay_without_outcome() -> None:
    progress = Progress()
    assert progress.observe({}, {0: 0}, 0) == ""
    assert progress.observe({}, {0: 1}, 1) == ""
    assert progress.observe({}, {0: 9}, 1 + STUCK_SECONDS) == ""
    assert "0" in progress.observe({}, {0: 9}, 1.1 + STUCK_SECONDS)
    assert progress.observe({0: 0}, {0: 9}, 20) == ""
    assert progress.observe({0: 8}, {0: 9}, 40) == ""


def test_a_busy_partition_that_moves_is_not_stuck() -> None:
    progress = Progress()
    assert [progress.observe({0: n * 10}, {0: n * 10 + 20}, n * 2.0) for n in range(30)] == [""] * 30


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"7", b"{", b'{"watermark":7}'])
def test_given_a_progress_nobody_wrote_then_its_partition_is_named(raw: bytes) -> None:
    watermarks = {0: watermark_of(encode_saved(1, START._replace(watermark=0), 0)), 3: watermark_of(raw)}
    assert watermarks == {0: 0, 3: None}
    assert "partitions 3 cannot be read" in Progress().observe(watermarks, {0: 1, 3: 1}, 0)
