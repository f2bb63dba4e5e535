"""One thing wrong in good evidence: exactly the invariants that it breaks turn red, in words."""

import json
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from functools import cache
from typing import Any

import orjson
import pytest

from tests.proof.case import Case
from tests.proof.checker import check
from tests.proof.evidence import (
    ClientEvent,
    EventRow,
    Evidence,
    Reading,
    Record,
    RedisMatch,
    RedisWrite,
    Resources,
    Send,
)
from tests.proof.good import good
from tests.proof.rules.reader import Accepted

Tamper = Callable[[Evidence], None]
LOG = ("commands", "outcomes")


@cache
def untouched() -> Evidence:
    return good(3)


def fresh(*kinds: str) -> Evidence:
    """Good evidence that may be changed; only these kinds of it, where some are named."""
    whole, part = untouched(), Evidence(untouched().circumstances)
    for one in fields(Evidence)[1:]:
        items = getattr(whole, one.name)
        if items is not None and (not kinds or one.name in kinds):
            setattr(part, one.name, [*items])
    return part


def change(items: list[Any] | None, index: int, **changes: Any) -> None:
    assert items is not None
    items[index] = replace(items[index], **changes)


def find(items: list[Any] | None, holds: Callable[[Any], Any]) -> int:
    """Where the first one is."""
    return next(index for index, one in enumerate(items or []) if holds(one))


def outcomes(
    evidence: Evidence, holds: Callable[[dict[str, Any]], Any] = lambda value: True
) -> Iterator[Accepted]:
    return (one for one in Case(evidence).accepted if holds(one.value))


def rewrite(evidence: Evidence, outcome: Accepted, **changes: Any) -> None:
    """Another value in an outcome's record."""
    index = (evidence.outcomes or []).index(outcome.record)
    change(evidence.outcomes, index, value=orjson.dumps({**outcome.value, **changes}))


def headers(record: Record, **changes: int) -> tuple[tuple[str, bytes | None], ...]:
    named = {f"playlog-{name}": b"%d" % value for name, value in changes.items()}
    return tuple((name, named.get(name, value)) for name, value in record.headers)


def skipped(evidence: Evidence) -> Record:
    """A stalled owner's record with events, which does not count."""
    records = [one.record for seen in Case(evidence).read.values() for one in seen.skipped if "fence" in one.why]
    return next(one for one in records if json.loads(one.value or b"null") is not None)


def calls(evidence: Evidence, holds: Callable[[ClientEvent], Any]) -> int:
    """The end of a call about a command that was sent once."""
    times: dict[str | None, int] = {}
    for event in evidence.history or []:
        times[event.command] = times.get(event.command, 0) + 1
    return find(evidence.history, lambda one: one.kind == "ok" and times[one.command] == 2 and holds(one))


# I1


def an_accepted_command_is_lost(evidence: Evidence) -> None:
    index = calls(evidence, lambda one: one.status == 202)
    command = (evidence.history or [])[index].command
    for at, event in enumerate(evidence.history or []):
        if event.command == command:
            change(evidence.history, at, command="never-sent")


def a_refused_command_is_in_the_log(evidence: Evidence) -> None:
    change(evidence.history, calls(evidence, lambda one: one.status == 202), kind="fail", status=429)


def an_answer_says_what_no_outcome_says(evidence: Evidence) -> None:
    change(evidence.history, calls(evidence, lambda one: one.status == 409), code="no_such_code")


def a_repeat_had_an_effect_of_its_own(evidence: Evidence) -> None:
    sent = {event.command for event in evidence.history or []}
    repeat = next(
        one
        for one in outcomes(evidence, lambda v: v["duplicate_of"] is not None)
        if one.value["command_id"] in sent
    )
    rewrite(evidence, repeat, duplicate_of=None)


# I2, I3, I4


def an_outcome_speaks_of_another_command(evidence: Evidence) -> None:
    rewrite(evidence, next(outcomes(evidence)), command_id="somebody-else")


def the_last_command_is_gone(evidence: Evidence) -> None:
    assert evidence.commands is not None
    evidence.commands.pop()


def a_version_is_left_out(evidence: Evidence) -> None:
    last = next(reversed([*outcomes(evidence, lambda value: value["events"])]))
    version = last.value["version"] + 1
    rewrite(evidence, last, version=version, public={**last.value["public"], "version": version})


def two_writers_behind_one_fence(evidence: Evidence) -> None:
    assert evidence.outcomes is not None
    last = [*outcomes(evidence)][-1]
    value = orjson.dumps({**last.value, "at": 1})
    evidence.outcomes.append(replace(last.record, offset=evidence.outcomes[-1].offset + 1, value=value))


def two_producers_behind_one_fence(evidence: Evidence) -> None:
    assert evidence.sends is not None
    index = find(evidence.sends, lambda one: one.topic == "outcomes")
    change(evidence.sends, index, producer="engine-9")


def an_outcome_is_dropped(evidence: Evidence) -> None:
    """A rejection disappears, and the next owner's chain closes over it."""
    assert evidence.outcomes is not None
    repeated = {one.value["duplicate_of"] for one in outcomes(evidence)}
    accepted = [one for one in outcomes(evidence) if one.record.partition == 0]
    index = find(accepted[:-1], lambda one: not one.value["events"] and one.cause not in repeated and one.cause)
    gone, following = accepted[index].record, accepted[index + 1]
    evidence.outcomes.remove(gone)
    index = evidence.outcomes.index(following.record)
    change(
        evidence.outcomes,
        index,
        headers=headers(following.record, after=accepted[index_of(accepted, gone) - 1].cause),
    )


def index_of(accepted: list[Accepted], record: Record) -> int:
    return find(accepted, lambda one: one.record == record)


def the_last_outcome_never_came(evidence: Evidence) -> None:
    assert evidence.outcomes is not None
    evidence.outcomes.remove([*outcomes(evidence)][-1].record)


def two_outcomes_are_swapped(evidence: Evidence) -> None:
    """Of two rejected commands to one match, so that only whose they are is wrong."""
    plain = [
        one for one in outcomes(evidence) if one.value["rejection"] == "not_seated" and one.record.partition == 0
    ]
    one, other = plain[0], plain[1]
    rewrite(evidence, one, command_id=other.value["command_id"])
    rewrite(evidence, other, command_id=one.value["command_id"])


# I5, I6, I7


def readers_took_a_stalled_owners_record(evidence: Evidence) -> None:
    record = skipped(evidence)
    for index, one in enumerate(evidence.readings or []):
        if (one.partition, one.offset) == (record.partition, record.offset):
            change(evidence.readings, index, accepted=True)


def a_row_comes_from_a_stalled_owners_record(evidence: Evidence) -> None:
    assert evidence.events is not None
    record = skipped(evidence)
    evidence.events.append(EventRow("m", 1, 0, 1, "match.closed.v1", {}, record.partition, record.offset))


def the_sink_is_beyond_the_log(evidence: Evidence) -> None:
    assert evidence.checkpoints is not None
    last = evidence.checkpoints[0]
    evidence.checkpoints[0] = replace(last, next=last.next + 5, watermark=last.watermark + 5)


def progress_is_two_values(evidence: Evidence) -> None:
    assert evidence.redis_progress is not None
    change(evidence.redis_progress, 0, watermark=evidence.redis_progress[0].watermark - 1)


def the_session_worker_stays_behind(evidence: Evidence) -> None:
    assert evidence.redis_progress is not None
    evidence.redis_progress.pop()


def a_sentinel_never_comes_back(evidence: Evidence) -> None:
    change(evidence.sentinels, 0, seen=None)


def a_transaction_hangs(evidence: Evidence) -> None:
    change(evidence.watermarks, 0, lso=3)


# I8, I9


def a_snapshot_is_stale(evidence: Evidence) -> None:
    case = Case(evidence)
    index = find(evidence.redis_matches, lambda one: len(case.matches[one.match]) > 1)
    match = (evidence.redis_matches or [])[index]
    older = case.matches[match.match][-2].value
    stale = {"version": b"%d" % older["version"], "public": orjson.dumps(older["public"])}
    change(evidence.redis_matches, index, fields={**match.fields, **stale})


def a_secret_outlives_its_round(evidence: Evidence) -> None:
    index = find(evidence.redis_matches, lambda one: "private:0" not in one.fields)
    held: RedisMatch = (evidence.redis_matches or [])[index]
    change(evidence.redis_matches, index, fields={**held.fields, "private:0": b'{"shape":"rock"}'})


def a_match_is_gone_from_redis(evidence: Evidence) -> None:
    index = find(evidence.redis_matches, lambda one: one.expires > (evidence.circumstances.redis_ms or 0) + 20_000)
    (evidence.redis_matches or []).pop(index)


def a_key_expires_relative_to_its_writing(evidence: Evidence) -> None:
    held: RedisMatch = (evidence.redis_matches or [])[0]
    change(evidence.redis_matches, 0, expires=(held.expires or 0) + 5)


def a_version_falls_in_redis(evidence: Evidence) -> None:
    assert evidence.redis_writes is not None
    last = max(evidence.redis_writes, key=lambda one: one.version)
    evidence.redis_writes.append(RedisWrite(last.at + 100, last.match, last.version - 1))


def a_result_is_another_ones(evidence: Evidence) -> None:
    change(evidence.redis_results, 0, body=b'{"status":"accepted","version":99}')


def a_row_is_missing(evidence: Evidence) -> None:
    (evidence.events or []).pop(3)


def a_row_is_there_twice(evidence: Evidence) -> None:
    (evidence.results or []).append((evidence.results or [])[0])
    (evidence.results or [])[-1] = replace((evidence.results or [])[0])


def a_row_says_something_else(evidence: Evidence) -> None:
    change(evidence.matches, 0, version=99)


def a_seat_is_too_much(evidence: Evidence) -> None:
    seats = evidence.seats or []
    seats.append(replace(seats[0], match="nobody's"))


# I10, I11


def frames_go_back(evidence: Evidence) -> None:
    index = find(evidence.connections, lambda one: len([f for f in one.frames if f.event == "view"]) > 2)
    first, second, *rest = (evidence.connections or [])[index].frames
    change(evidence.connections, index, frames=(second, first, *rest))


def a_frame_comes_twice(evidence: Evidence) -> None:
    index = find(evidence.connections, lambda one: len(one.frames) > 1)
    first, *rest = (evidence.connections or [])[index].frames
    change(evidence.connections, index, frames=(first, first, *rest))


def the_newest_view_is_never_sent(evidence: Evidence) -> None:
    index = find(evidence.connections, lambda one: one.ended == "open")
    change(evidence.connections, index, frames=(evidence.connections or [])[index].frames[:-1])


def a_frame_shows_another_ones_secret(evidence: Evidence) -> None:
    index = find(evidence.connections, lambda one: one.player is None)
    first, *rest = (evidence.connections or [])[index].frames
    shown = {**json.loads(first.data), "mine": {"shape": "rock"}}
    change(evidence.connections, index, frames=(replace(first, data=json.dumps(shown)), *rest))


def a_client_is_told_too_soon_that_it_is_over(evidence: Evidence) -> None:
    index = find(evidence.connections, lambda one: one.ended == "open")
    connection = (evidence.connections or [])[index]
    change(
        evidence.connections,
        index,
        frames=(*connection.frames, replace(connection.frames[-1], event="end", id=None)),
    )


def a_read_is_older_than_what_its_reader_knew(evidence: Evidence) -> None:
    index = find(evidence.history, lambda one: one.action == "view" and one.kind == "ok" and one.version > 1)
    change(evidence.history, index, version=1, answer=None)


# I13, I15, I16


def a_repeat_is_taken_for_new(evidence: Evidence) -> None:
    rewrite(evidence, next(outcomes(evidence, lambda v: v["duplicate_of"] is not None)), duplicate_of=None)


def a_command_is_taken_for_a_repeat(evidence: Evidence) -> None:
    last = [*outcomes(evidence, lambda v: v["rejection"] == "ended" and v["duplicate_of"] is None)][-1]
    rewrite(evidence, last, duplicate_of=0)


def a_repeat_gets_another_answer(evidence: Evidence) -> None:
    index = calls(evidence, lambda one: one.status == 200)
    end = (evidence.history or [])[index]
    begin = replace(end, kind="invoke", call="again", at=1e6, status=None, version=None, answer=None)
    (evidence.history or []).extend(
        [begin, replace(end, call="again", at=1e6, status=201, answer=None, version=None)]
    )


def the_wrong_seat_wins_a_round(evidence: Evidence) -> None:
    won = next(
        outcomes(evidence, lambda v: any(event.get("winner") == 0 and "missed" in event for event in v["events"]))
    )
    events = [{**event, "winner": 1} if "missed" in event else event for event in won.value["events"]]
    rewrite(evidence, won, events=events)


def a_deadline_is_off_by_a_millisecond(evidence: Evidence) -> None:
    last = [*outcomes(evidence, lambda value: value["deadline"])][-1]
    rewrite(evidence, last, deadline=last.value["deadline"] + 1)


def time_falls(evidence: Evidence) -> None:
    last = [*outcomes(evidence, lambda value: value["rejection"] and value["duplicate_of"] is None)][-1]
    rewrite(evidence, last, at=last.value["at"] - 1)


def a_recovery_takes_too_long(evidence: Evidence) -> None:
    change(evidence.recoveries, 0, took=9.0)


def descriptors_leak(evidence: Evidence) -> None:
    evidence.resources = [Resources("gateway-1", cycle, 60 << 20, 30 + 3 * cycle, 2) for cycle in range(12)]


def memory_leaks(evidence: Evidence) -> None:
    evidence.resources = [Resources("gateway-1", cycle, (60 + 5 * cycle) << 20, 30, 2) for cycle in range(12)]


def subscriptions_leak(evidence: Evidence) -> None:
    evidence.resources = [Resources("gateway-1", cycle, 60 << 20, 30, 2 + cycle // 3) for cycle in range(12)]


# What Jepsen asks besides


def a_reader_disagrees(evidence: Evidence) -> None:
    index = find(evidence.readings, lambda one: one.accepted)
    change(evidence.readings, index, accepted=False)


def a_reader_saw_other_bytes(evidence: Evidence) -> None:
    change(evidence.readings, 5, checksum=1)


def a_reader_jumps(evidence: Evidence) -> None:
    (evidence.readings or []).pop(6)


def a_reader_begins_behind_what_another_one_left(evidence: Evidence) -> None:
    last: Reading = next(one for one in reversed(evidence.readings or []) if one.reader == "session-1")
    jumped = replace(last, reader="session-2", stretch="t", offset=last.offset + 3)
    (evidence.readings or []).append(jumped)


def an_acknowledged_send_is_gone(evidence: Evidence) -> None:
    (evidence.sends or []).append(Send("gateway-1", "commands", 0, 10_000, "gone"))


def a_call_ends_twice(evidence: Evidence) -> None:
    ended = next(one for one in reversed(evidence.history or []) if one.kind == "ok" and one.action == "view")
    (evidence.history or []).append(replace(ended, kind="info"))


# what is changed, with which kinds of evidence (all where none are named), and what it breaks
TAMPERED: list[tuple[Tamper, tuple[str, ...], str]] = [
    (an_accepted_command_is_lost, (), "I1"),
    (a_refused_command_is_in_the_log, (), "I1"),
    (an_answer_says_what_no_outcome_says, (), "I1"),
    (a_repeat_had_an_effect_of_its_own, (*LOG, "history"), "I1 I13"),
    (an_outcome_speaks_of_another_command, LOG, "I2"),
    (the_last_command_is_gone, LOG, "I2"),
    (a_version_is_left_out, LOG, "I3"),
    (two_writers_behind_one_fence, LOG, "I3"),
    (two_producers_behind_one_fence, (), "I3"),
    (an_outcome_is_dropped, LOG, "I4"),
    (the_last_outcome_never_came, LOG, "I4"),
    (two_outcomes_are_swapped, LOG, "I2"),
    (readers_took_a_stalled_owners_record, (), "I5"),
    (a_row_comes_from_a_stalled_owners_record, (), "I5 I9"),
    (the_sink_is_beyond_the_log, (), "I6"),
    (progress_is_two_values, (), "I6"),
    (the_session_worker_stays_behind, (), "I6"),
    (a_sentinel_never_comes_back, (), "I7"),
    (a_transaction_hangs, (), "I7"),
    (a_snapshot_is_stale, (), "I8"),
    (a_secret_outlives_its_round, (), "I8"),
    (a_match_is_gone_from_redis, (), "I8"),
    (a_key_expires_relative_to_its_writing, (), "I8"),
    (a_version_falls_in_redis, (), "I8"),
    (a_result_is_another_ones, (), "I8"),
    (a_row_is_missing, (), "I9"),
    (a_row_is_there_twice, (), "I9"),
    (a_row_says_something_else, (), "I9"),
    (a_seat_is_too_much, (), "I9"),
    (frames_go_back, (), "I10"),
    (a_frame_comes_twice, (), "I10"),
    (the_newest_view_is_never_sent, (), "I10"),
    (a_frame_shows_another_ones_secret, (), "I10"),
    (a_client_is_told_too_soon_that_it_is_over, (), "I10"),
    (a_read_is_older_than_what_its_reader_knew, (), "I11"),
    (a_repeat_is_taken_for_new, LOG, "I13"),
    (a_command_is_taken_for_a_repeat, LOG, "I13"),
    (a_repeat_gets_another_answer, (), "I13"),
    (the_wrong_seat_wins_a_round, LOG, "I15"),
    (a_deadline_is_off_by_a_millisecond, LOG, "I15"),
    (time_falls, LOG, "I15"),
    (a_recovery_takes_too_long, (), "I16"),
    (descriptors_leak, (), "I16"),
    (memory_leaks, (), "I16"),
    (subscriptions_leak, (), "I16"),
    (a_reader_disagrees, (), "J1"),
    (a_reader_saw_other_bytes, (), "J1"),
    (a_reader_jumps, (), "J3"),
    (a_reader_begins_behind_what_another_one_left, (), "J3"),
    (an_acknowledged_send_is_gone, (), "J2"),
    (a_call_ends_twice, (), "J4"),
]


@pytest.mark.parametrize(("tamper", "kinds", "broken"), TAMPERED, ids=[one[0].__name__ for one in TAMPERED])
def test_one_thing_wrong_is_one_invariant_red(tamper: Tamper, kinds: tuple[str, ...], broken: str) -> None:
    evidence = fresh(*kinds)
    assert check(evidence).violated == []
    tamper(evidence)
    verdict = check(evidence)
    assert verdict.violated == broken.split(), verdict.text()
    assert not verdict.holds
    for invariant in broken.split():
        assert all(len(violation.sentence) > 20 for violation in verdict[invariant].violations)
