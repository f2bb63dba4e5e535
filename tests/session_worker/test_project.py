"""Laws of the projection into Redis: batches, noise and restarts change nothing; secrets stay in their part."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from schemas import keys
from schemas.result import read_result
from session_worker.project import (
    MOST_HINTED,
    START,
    Hint,
    Place,
    Result,
    Snapshot,
    confirm,
    dump,
    keep,
    load,
    match_of,
    project,
    read_on,
)
from session_worker.rebuild import CHUNK, HORIZON_MS, Rebuild
from tests.session_worker.author import SHAPES, Author, Game, Line, play
from tests.session_worker.strategies import Script, cut, points, scripts, write


@dataclass
class Model:
    """What the script leaves in Redis, in memory."""

    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    results: dict[str, Result] = field(default_factory=dict)
    hints: list[tuple[str, bytes]] = field(default_factory=list)

    def read(self, place: Place, batch: Sequence[Line]) -> Place:
        projected = project(place, batch)
        for snapshot in projected.snapshots.values():
            held = self.snapshots.get(snapshot.match)
            if held is None or snapshot.version > held.version:
                self.snapshots[snapshot.match] = snapshot
        for result in projected.results.values():
            keep(self.results, result)
        self.hints += [(hint.match, hint.body) for hint in projected.hints]
        return projected.progress


def bodies(model: Model) -> dict[str, bytes]:
    return {command: result.body for command, result in model.results.items()}


def bare(hint: bytes) -> bytes:
    """A hint without its view: what a rebuild says may be older than what it has written."""
    found = json.loads(hint)
    return json.dumps(
        {k: v for k, v in found.items() if k not in ("seats", "public")}, separators=(",", ":")
    ).encode()


def whole(lines: Sequence[Line]) -> tuple[Model, Place]:
    model = Model()
    return model, model.read(START, lines)


@given(scripts, points)
def test_any_cut_into_batches_gives_the_same_redis(script: Script, where: list[int]) -> None:
    lines = write(script)
    model, place = Model(), START
    for batch in cut(lines, where):
        place = model.read(place, batch)
    expected, end = whole(lines)
    assert (model.snapshots, bodies(model), model.hints, place) == (
        expected.snapshots,
        bodies(expected),
        expected.hints,
        end,
    )


@given(scripts, points)
def test_a_reader_that_was_stopped_between_batches_equals_one_that_was_not(
    script: Script, where: list[int]
) -> None:
    lines = write(script)
    model, saved = Model(), dump(START)
    for batch in cut(lines, where):
        place = load(saved)
        assert place is not None
        saved = dump(model.read(place, batch))
    expected, end = whole(lines)
    assert (model.snapshots, bodies(model), load(saved)) == (expected.snapshots, bodies(expected), end)


@given(scripts)
def test_ignored_records_change_nothing(script: Script) -> None:
    noisy, _ = whole(write(script))
    quiet, _ = whole(write(script, noisy=False))
    assert {k: s.public for k, s in noisy.snapshots.items()} == {k: s.public for k, s in quiet.snapshots.items()}
    assert "not-accepted" not in noisy.results
    assert len(noisy.hints) == len(quiet.hints)


def test_every_ignored_record_is_counted_with_its_reason() -> None:
    lines = write([([], ["twice", "stale", "gap", "foreign"])])
    assert project(START, lines).ignored == {
        "repeated": 1,
        "stale_fence": 1,
        "broken_chain": 1,
        "foreign": 1,
    }


def test_given_an_accepted_outcome_without_a_value_then_it_moves_the_progress_and_nothing_else() -> None:
    written = Author()
    written.take_over("first")
    Game(written, "empty").create()
    written.lines[-1] = replace(written.lines[-1], value=None)
    found = project(START, written.lines)
    assert found.progress.cursor.watermark == 0
    assert (found.snapshots, found.results, found.hints) == ({}, {}, [])


@given(scripts, points)
def test_a_rebuild_writes_what_a_reader_from_the_start_wrote(script: Script, where: list[int]) -> None:
    lines = write(script)
    now = lines[-1].timestamp
    rebuild, place, written = Rebuild(len(lines), now), START, dict[str, Result]()
    for batch in cut(lines, where):
        accepted = read_on(place, batch)
        for result in rebuild.add(accepted.outcomes):
            keep(written, result)
        place = accepted.progress
    expected, last = whole(lines)
    assert place == last
    assert {s.match: s for part in rebuild.snapshots(now) for s in part} == expected.snapshots
    assert {command: result.body for command, result in written.items()} == bodies(expected)
    assert [(h.match, h.body) for part in rebuild.hints(now) for h in part] == [
        (match, bare(body)) for match, body in expected.hints
    ]


def test_a_rebuild_forgets_what_has_expired() -> None:
    author = Author()
    author.take_over("first")
    play(author, "old", [])
    later = author.at + keys.MATCH_TTL_MS + keys.DEADLINE_GRACE_MS
    rebuild = Rebuild(len(author.lines), later)
    assert rebuild.add(read_on(START, author.lines).outcomes) == []
    assert not [*rebuild.snapshots(later)]
    assert rebuild.hints(later) == [[]]


def test_outcomes_below_the_horizon_leave_nothing() -> None:
    lines = write([([(0, 1)], [])])
    rebuild = Rebuild(len(lines), lines[-1].timestamp + HORIZON_MS + 1)
    assert rebuild.add(read_on(START, lines).outcomes) == []
    assert not [*rebuild.snapshots(0)]
    assert rebuild.hints(0) == [[]]


def test_a_long_rebuild_is_written_in_parts() -> None:
    author = Author()
    author.take_over("first")
    for number in range(CHUNK + 1):
        Game(author, f"many-{number}").create()
    rebuild = Rebuild(len(author.lines), author.at)
    assert len(rebuild.add(read_on(START, author.lines).outcomes)) == CHUNK + 1
    assert [len(part) for part in rebuild.snapshots(author.at)] == [CHUNK, 1]
    assert [len(part) for part in rebuild.hints(author.at)] == [CHUNK, 1]


@given(st.sampled_from(SHAPES), st.sampled_from(SHAPES))
def test_a_pending_throw_is_in_its_own_private_part_and_nowhere_else(mine: str, other: str) -> None:
    def thrown(shape: str) -> Model:
        author = Author()
        author.take_over("first")
        game = Game(author, "secret")
        game.create()
        game.join()
        game.throw(0, next(s for s in SHAPES if s == shape))
        return whole(author.lines)[0]

    one, two = thrown(mine), thrown(other)
    assert [s._replace(private=()) for s in one.snapshots.values()] == [
        s._replace(private=()) for s in two.snapshots.values()
    ]
    assert (bodies(one), one.hints) == (bodies(two), two.hints)
    (snapshot,) = one.snapshots.values()
    assert snapshot.private == (("0", json.dumps({"shape": mine}).replace(" ", "").encode()),)


def test_a_private_part_is_gone_once_its_round_is_settled() -> None:
    author = Author()
    author.take_over("first")
    game = play(author, "settled", [(SHAPES[0], SHAPES[1])])
    assert whole(author.lines)[0].snapshots[game.id].private == ()


def test_a_repeated_command_keeps_its_first_verdict() -> None:
    author = Author()
    author.take_over("first")
    game = Game(author, "repeat")
    first = game.create()
    game.repeat()
    result = whole(author.lines)[0].results[first["command_id"] or ""]
    assert json.loads(result.body) == {
        "status": "accepted",
        "version": 1,
        "code": None,
        "digest": first["digest"],
        "match": game.id,
        "cause": 0,
    }


def test_a_reused_key_is_hinted_and_not_kept() -> None:
    author = Author()
    author.take_over("first")
    game = Game(author, "reuse")
    first = game.create()
    game.reuse()
    model, _ = whole(author.lines)
    result = read_result(model.results[first["command_id"] or ""].body)
    assert result is not None
    assert result["status"] == "accepted"
    hint = json.loads(model.hints[-1][1])
    assert hint.keys() == {"version", "command", "status", "code", "digest"}
    assert (hint["command"], hint["status"], hint["code"]) == (first["command_id"], "rejected", "key_reused")


def test_a_hint_shows_what_all_may_see_and_names_the_seats_that_have_more() -> None:
    author = Author()
    author.take_over("first")
    game = Game(author, "shown")
    game.create()
    game.join()
    game.throw(1, SHAPES[0])
    model, _ = whole(author.lines)
    hint = json.loads(model.hints[-1][1])
    assert hint["public"] == json.loads(model.snapshots[game.id].public)
    assert (hint["version"], hint["seats"]) == (hint["public"]["version"], [1])


def test_a_hint_leaves_a_view_that_is_too_large_to_be_read() -> None:
    verdict = b'{"version":3}'
    large = b'{"a":"' + MOST_HINTED * b"x" + b'"}'
    assert Hint("match", verdict, 0, large).body == verdict
    assert Hint("match", verdict, 0, b"{}", ("0", "2")).body == b'{"version":3,"seats":[0,2],"public":{}}'


def test_a_key_that_no_match_can_have_is_nobodys_match() -> None:
    assert [match_of(key) for key in (None, b"", b"\xff", b"a\nb", b"x" * 65)] == [None] * 5


@given(scripts, st.integers(0, 1000), st.integers(1, 70))
def test_a_log_that_was_not_cut_is_confirmed_at_every_offset(script: Script, end: int, width: int) -> None:
    lines = write(script)
    end = 1 + end % len(lines)
    place = whole(lines[:end])[1]
    verdict = confirm(place, lines[max(0, end - width) : end])
    assert verdict is True or (verdict is None and width < end)


@given(scripts, st.integers(0, 1000))
def test_a_log_that_was_cut_and_written_on_is_not_confirmed(script: Script, where: int) -> None:
    lines = write(script)
    place = whole(lines)[1]
    kept = where % len(lines)
    author = Author(lines=list(lines[:kept]), watermark=whole(lines[:kept])[1].cursor.watermark)
    author.take_over("after the cut")
    game = Game(author, "regrown")
    while len(author.lines) < len(lines):
        game.create()
    assert confirm(place, author.lines[: len(lines)]) is False
