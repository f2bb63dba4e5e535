"""One thing wrong in good evidence: exactly the invariants that it breaks turn red, in words."""

from functools import cache

import pytest

from tests.proof.checker import check
from tests.proof.tampers import clients, log, stores
from tests.proof.tampers.tools import LOG, Tamper, fresh


@cache
def green(kinds: tuple[str, ...]) -> bool:
    return check(fresh(*kinds)).holds


# what is changed, with which kinds of evidence (all where none are named), and what it breaks
TAMPERED: list[tuple[Tamper, tuple[str, ...], str]] = [
    (log.an_accepted_command_is_lost, (), "I1"),
    (log.a_refused_command_is_in_the_log, (), "I1"),
    (log.an_answer_says_what_no_outcome_says, (), "I1"),
    (log.a_repeat_had_an_effect_of_its_own, (*LOG, "history"), "I1 I13"),
    (log.an_outcome_speaks_of_another_command, LOG, "I2"),
    (log.the_last_command_is_gone, LOG, "I2"),
    (log.a_version_is_left_out, LOG, "I3"),
    (log.two_writers_behind_one_fence, LOG, "I3"),
    (log.two_producers_behind_one_fence, (), "I3"),
    (log.an_outcome_is_dropped, LOG, "I4"),
    (log.the_last_outcome_never_came, LOG, "I4"),
    (log.two_outcomes_are_swapped, LOG, "I2"),
    (stores.readers_took_a_stalled_owners_record, (), "I5"),
    (stores.a_row_comes_from_a_stalled_owners_record, (), "I5 I9"),
    (stores.the_sink_is_beyond_the_log, (), "I6"),
    (stores.progress_is_two_values, (), "I6"),
    (stores.the_session_worker_stays_behind, (), "I6"),
    (stores.a_sentinel_never_comes_back, (), "I7"),
    (stores.a_transaction_hangs, (), "I7"),
    (stores.a_snapshot_is_stale, (), "I8"),
    (stores.a_secret_outlives_its_round, (), "I8"),
    (stores.a_match_is_gone_from_redis, (), "I8"),
    (stores.a_key_expires_relative_to_its_writing, (), "I8"),
    (stores.a_version_falls_in_redis, (), "I8"),
    (stores.a_result_is_another_ones, (), "I8"),
    (stores.a_row_is_missing, (), "I9"),
    (stores.a_row_is_there_twice, (), "I9"),
    (stores.a_row_says_something_else, (), "I9"),
    (stores.a_seat_is_too_much, (), "I9"),
    (clients.frames_go_back, (), "I10"),
    (clients.a_frame_comes_twice, (), "I10"),
    (clients.the_newest_view_is_never_sent, (), "I10"),
    (clients.a_frame_shows_another_ones_secret, (), "I10"),
    (clients.a_client_is_told_too_soon_that_it_is_over, (), "I10"),
    (clients.a_read_is_older_than_what_its_reader_knew, (), "I11"),
    (log.a_repeat_is_taken_for_new, LOG, "I13"),
    (log.a_command_is_taken_for_a_repeat, LOG, "I13"),
    (log.a_repeat_gets_another_answer, (), "I13"),
    (log.the_wrong_seat_wins_a_round, LOG, "I15"),
    (log.a_deadline_is_off_by_a_millisecond, LOG, "I15"),
    (log.time_falls, LOG, "I15"),
    (log.a_recovery_takes_too_long, (), "I16"),
    (log.descriptors_leak, (), "I16"),
    (log.memory_leaks, (), "I16"),
    (log.subscriptions_leak, (), "I16"),
    (stores.a_reader_disagrees, (), "J1"),
    (stores.a_reader_saw_other_bytes, (), "J1"),
    (stores.a_reader_jumps, (), "J3"),
    (stores.a_reader_begins_behind_what_another_one_left, (), "J3"),
    (stores.an_acknowledged_send_is_gone, (), "J2"),
    (stores.a_call_ends_twice, (), "J4"),
]


@pytest.mark.parametrize(("tamper", "kinds", "broken"), TAMPERED, ids=[one[0].__name__ for one in TAMPERED])
def test_one_thing_wrong_is_one_invariant_red(tamper: Tamper, kinds: tuple[str, ...], broken: str) -> None:
    assert green(kinds)
    evidence = fresh(*kinds)
    tamper(evidence)
    verdict = check(evidence)
    assert verdict.violated == broken.split(), verdict.text()
    assert not verdict.holds
    for invariant in broken.split():
        assert all(len(violation.sentence) > 20 for violation in verdict[invariant].violations)
