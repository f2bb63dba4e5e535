"""Which frame a stream sends next: the pure rules."""

from hypothesis import given
from hypothesis import strategies as st

from gateway_api.stream import (
    HEARTBEAT_SECONDS,
    Do,
    Newest,
    Position,
    decide,
    resumed_at,
    retry_frame,
    view_frame,
)

FAR = 1e9


def at(sent: int, wrote: float = 0.0, expires: float = FAR) -> Position:
    return Position(sent, wrote, expires)


def test_a_newer_view_is_sent() -> None:
    assert decide(at(1), Newest(2, False), 0, False) is Do.VIEW


def test_a_finished_match_ends_only_after_its_last_view() -> None:
    assert decide(at(1), Newest(2, True), 0, False) is Do.VIEW
    assert decide(at(2), Newest(2, True), 0, False) is Do.END


def test_silence_is_broken_by_a_comment() -> None:
    assert decide(at(2), Newest(2, False), HEARTBEAT_SECONDS - 0.1, False) is Do.WAIT
    assert decide(at(2), None, HEARTBEAT_SECONDS, False) is Do.COMMENT


def test_a_silent_connection_is_due_for_a_comment_or_at_its_expiry_whatever_comes_first() -> None:
    assert at(2, wrote=3).due == 3 + HEARTBEAT_SECONDS
    assert at(2, wrote=3, expires=4).due == 4


def test_expiry_and_stop_come_before_views() -> None:
    assert decide(at(1, expires=5), Newest(2, False), 5, False) is Do.EXPIRED
    assert decide(at(1), Newest(2, False), 0, True) is Do.LEAVE


def test_an_id_we_never_sent_counts_as_none_where_that_is_sure() -> None:
    assert resumed_at(9, 3, certain=True) == 0
    assert resumed_at(9, 3, certain=False) == 9
    assert resumed_at(3, 3, certain=True) == 3


@given(st.lists(st.tuples(st.integers(1, 50), st.booleans()), max_size=60), st.integers(0, 60))
def test_ids_strictly_rise_whatever_arrives_and_however_slow_the_reader(
    arrivals: list[tuple[int, bool]], seen: int
) -> None:
    position, newest, sent = at(seen), Newest(0, False), []
    for version, reads in arrivals:
        newest = max(newest, Newest(version, False))
        if reads and decide(position, newest, 0, False) is Do.VIEW:
            position.sent = newest.version
            sent.append(newest.version)
    assert sent == sorted(set(sent))
    assert all(number > seen for number in sent)


def test_frames_are_events() -> None:
    assert view_frame(7, b"{}") == b"id: 7\nevent: view\ndata: {}\n\n"
    assert retry_frame(0.0) == b"retry: 500\n\n"
    assert retry_frame(0.999) == b"retry: 2498\n\n"
