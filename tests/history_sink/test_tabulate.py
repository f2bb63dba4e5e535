"""Laws of the tables: batches, noise and restarts change nothing; what the rows say of a match."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given

from history_sink.tabulate import (
    START,
    EventRow,
    MatchRow,
    Place,
    ResultRow,
    Rows,
    SeatRow,
    halves,
    read,
    storable,
    tabulate,
)
from schemas.codec import OUTCOME_TYPE
from tests.session_worker.author import ANN, BOB, SHAPES, Author, Game, Line, play
from tests.session_worker.strategies import Script, cut, points, scripts, write


class Tables:
    """What the sink's statements leave in PostgreSQL, in memory."""

    def __init__(self) -> None:
        self.events: list[EventRow] = []
        self.results: list[ResultRow] = []
        self.seats: dict[tuple[str, int], SeatRow] = {}
        self.matches: dict[str, MatchRow] = {}

    def read(self, place: Place, batch: Sequence[Line]) -> Place:
        rows = Rows()
        accepted = read(place, batch)
        self.events += tabulate(rows, 0, accepted.outcomes)
        rows.complete({match_id: match.public()["score"] for match_id, match in self.matches.items()})
        self.results += rows.results
        self.seats.update({(seat.match_id, seat.seat): seat for seat in rows.seats()})
        for match in rows.matches.values():
            held = self.matches.get(match.id)
            if held is not None:
                match.created_at = held.created_at
                match.ended_at = match.ended_at or held.ended_at
            match.ended_at = match.ended_at if match.public()["status"] == "ended" else None
            match.seated = False
            self.matches[match.id] = match
        return accepted.progress


def whole(lines: Sequence[Line]) -> Tables:
    tables = Tables()
    tables.read(START, lines)
    return tables


@given(scripts, points)
def test_any_cut_into_batches_gives_the_same_tables(script: Script, where: list[int]) -> None:
    lines = write(script)
    tables, place = Tables(), START
    for batch in cut(lines, where):
        place = tables.read(place, batch)
    assert vars(tables) == vars(whole(lines))
    assert place == read(START, lines).progress


@given(scripts)
def test_ignored_records_leave_no_row(script: Script) -> None:
    noisy, quiet = whole(write(script)), whole(write(script, noisy=False))
    assert [row[:-1] for row in noisy.events] == [row[:-1] for row in quiet.events]
    assert noisy.results == quiet.results
    assert noisy.seats == quiet.seats
    assert noisy.matches == quiet.matches


@given(scripts)
def test_every_event_has_its_own_place(script: Script) -> None:
    events = whole(write(script)).events
    assert len({row[:3] for row in events}) == len(events)


def author() -> Author:
    started = Author()
    started.take_over("first")
    return started


def test_an_event_row_says_where_its_outcome_lies_in_the_log() -> None:
    written = author()
    game = Game(written, "rows")
    game.create()
    game.join()
    *_, last = tabulate(Rows(), 5, read(START, written.lines).outcomes)
    match_id, version, ordinal, _, kind, body, partition, offset = last
    assert (match_id, version, ordinal, kind) == (game.id, 2, 1, "match.round-opened.v1")
    assert (partition, offset) == (5, 2)
    assert json.loads(body).keys() == {"round", "deadline"}


def test_a_match_that_ends_has_a_result_and_each_rematch_another() -> None:
    written = author()
    game = play(written, "results", [(SHAPES[1], SHAPES[0])] * 4)
    tables = whole(written.lines)
    assert [(row.winner, row.score, row.ended_by) for row in tables.results] == [(0, "{2,0}", "score")] * 2
    assert tables.matches[game.id].ended_at == tables.results[-1].ended_at


@pytest.mark.parametrize(("winner", "score"), [(0, "{2,0}"), (1, "{1,1}"), (None, "{1,0}")])
def test_given_a_match_that_ends_and_restarts_in_one_outcome_then_the_result_has_the_score_at_its_end(
    winner: int | None, score: str
) -> None:
    written = author()
    game = play(written, "at once", [(SHAPES[1], SHAPES[0])])
    game.ask_rematch_late(winner)
    game.ask_rematch_late(1)
    for end in range(len(written.lines)):
        tables = Tables()
        place = tables.read(START, written.lines[:end])
        tables.read(place, written.lines[end:])
        assert [(row.winner, row.score) for row in tables.results] == [(winner, score), (1, "{0,1}")]
        assert tables.matches[game.id].public()["score"] == [0, 0]


def test_a_restarted_match_has_no_end() -> None:
    written = author()
    game = play(written, "restarted", [(SHAPES[1], SHAPES[0])] * 3)
    match = whole(written.lines).matches[game.id]
    assert (match.public()["status"], match.ended_at) == ("playing", None)


def test_seats_are_those_of_the_view() -> None:
    written = author()
    game = Game(written, "seats")
    game.create()
    assert list(whole(written.lines).seats.values()) == [(game.id, 0, ANN)]
    game.join()
    assert list(whole(written.lines).seats.values()) == [(game.id, 0, ANN), (game.id, 1, BOB)]


def test_a_nul_becomes_a_replacement_character_and_an_escaped_one_stays() -> None:
    assert storable(rb'{"a":"x\u0000y"}') == rb'{"a":"x\ufffdy"}'
    assert storable(rb'{"a":"\\u0000"}') == rb'{"a":"\\u0000"}'
    assert storable(rb'{"a":"\\\u0000\u0000"}') == rb'{"a":"\\\ufffd\ufffd"}'


@given(scripts)
def test_an_outcome_in_halves_says_what_it_says_whole(script: Script) -> None:
    for line in write(script):
        outcome = json.loads(line.value or b"{}") if ("ce_type", OUTCOME_TYPE) in line.headers else {}
        if "events" in outcome:
            facts, view = halves(line.value or b"")
            assert json.loads(view) == outcome["public"]
            assert json.loads(facts).items() <= outcome.items()


def test_an_outcome_that_speaks_of_views_elsewhere_is_halved_all_the_same() -> None:
    odd = b'{"events":[{"a":1,"public":{"x":1}}],"player":",\\"public\\":1","public":{"y":2},"private":null}'
    facts, view = halves(odd)
    assert json.loads(view) == {"y": 2}
    assert json.loads(facts)["events"] == [{"a": 1, "public": {"x": 1}}]


def test_given_a_view_that_has_a_private_part_of_its_own_then_it_is_read_the_slow_way() -> None:
    odd = b'{"events":[],"public":{"y":2,"private":1},"private":null}'
    facts, view = halves(odd)
    assert json.loads(view) == {"y": 2, "private": 1}
    assert facts == odd
