"""What can go wrong with the log: commands, outcomes, versions, order, repeats, rules."""

from dataclasses import replace

import orjson

from tests.proof.evidence import (
    Evidence,
    Resources,
)
from tests.proof.tampers.tools import (
    calls,
    change,
    find,
    headers,
    index_of,
    outcomes,
    rewrite,
)


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
