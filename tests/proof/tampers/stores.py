"""What can go wrong with Redis, PostgreSQL, saved progress and the readers' logs."""

from dataclasses import replace

import orjson

from tests.proof.case import Case
from tests.proof.evidence import EventRow, Evidence, Reading, RedisMatch, RedisWrite, Send
from tests.proof.tampers.tools import (
    change,
    find,
    skipped,
)


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
    assert evidence.results is not None
    evidence.results.append(replace(evidence.results[0]))


def a_row_says_something_else(evidence: Evidence) -> None:
    change(evidence.matches, 0, version=99)


def a_seat_is_too_much(evidence: Evidence) -> None:
    seats = evidence.seats or []
    seats.append(replace(seats[0], match="nobody's"))


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
