"""A state that went through its chunks behaves as if it never had, and is of the moment when it was captured."""

from inspect import signature
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine_worker import snapshot
from engine_worker.judge import Entry, Seen, State, fold, judge
from engine_worker.owner import Owner
from engine_worker.snapshot import Capture, Loading
from engine_worker.table import Table
from schemas.codec import encode_outcome
from schemas.log import Fence
from schemas.match import Options
from schemas.view import Round
from tests.engine_worker.runs import Step, Told, anywhere, image, runs

DAY = 24 * 3_600_000
sizes = st.sampled_from([1, 300, snapshot.CHUNK_BYTES])


def chunks(state: State, chunk_bytes: int = snapshot.CHUNK_BYTES) -> list[bytes]:
    return rest(Capture(state, chunk_bytes))


def rest(capture: Capture) -> list[bytes]:
    found = []
    while (chunk := capture.chunk()) is not None:
        found.append(chunk)
    return found


def loaded(found: list[bytes]) -> State:
    loading = Loading()
    for chunk in found:
        loading.feed(chunk)
    return loading.state


def say(state: State, offset: int, step: Step) -> bytes:
    """Judge a step and fold it; the outcome as it goes into the log."""
    outcome, table = judge(state, step.timestamp, step.read, anywhere)
    fold(state, step.read.key, offset, outcome, table)
    return encode_outcome(outcome)


def after(steps: list[Step]) -> State:
    state = State()
    for offset, step in enumerate(steps):
        say(state, offset, step)
    return state


@given(runs(), sizes)
def test_what_was_written_down_is_read_back(told: Told, size: int) -> None:
    state = after(told.steps)
    assert image(loaded(chunks(state, size))) == image(state)


@given(runs(), st.integers(0, 30), sizes)
def test_every_later_command_has_the_same_outcome(told: Told, cut: int, size: int) -> None:
    state = after(told.steps[:cut])
    heir = loaded(chunks(state, size))
    for offset, step in enumerate(told.steps[cut:], start=cut):
        assert say(heir, offset, step) == say(state, offset, step)
    assert image(heir) == image(state)


@given(runs(), st.integers(0, 30))
def test_the_same_timers_are_due(told: Told, cut: int) -> None:
    state = after(told.steps[:cut])
    heirs = [Owner(0, Fence(0, ""), of, cut - 1, anywhere) for of in (state, loaded(chunks(state)))]
    for now in (state.at, state.at + 30_000, state.at + DAY):
        before, again = (heir.due(now) for heir in heirs)
        assert before == again


@given(runs(), st.integers(0, 30), st.lists(st.booleans(), min_size=30, max_size=30))
def test_slices_taken_while_commands_go_on_are_of_one_moment(told: Told, cut: int, pulls: list[bool]) -> None:
    state = after(told.steps[:cut])
    captured, capture, found = image(state), Capture(state, 1), []
    for offset, (step, pull) in enumerate(zip(told.steps[cut:], pulls, strict=False), start=cut):
        if pull and (chunk := capture.chunk()) is not None:
            found.append(chunk)
        capture.touch(step.read.key or "")
        say(state, offset, step)
    assert image(loaded(found + rest(capture))) == captured


@given(runs(), st.integers(1, 5))
def test_what_is_forgotten_meanwhile_is_still_written(told: Told, later: int) -> None:
    state = after(told.steps)
    for key in [*state.matches][:1]:
        state.closed.append((state.at, key))
    captured, capture = image(state), Capture(state, 1)
    step = told.steps[0]
    say(state, len(told.steps), step._replace(timestamp=state.at + later * DAY))
    assert image(loaded(rest(capture))) == captured


def test_an_empty_partition_is_one_chunk() -> None:
    [only] = chunks(State())
    assert image(loaded([only])) == image(State())


def test_the_order_of_endings_outlives_their_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "IDS_AT_ONCE", 2)
    state = State(at=9)
    state.closed.extend((at, f"match-{at}") for at in range(5))
    state.gone.update(dict.fromkeys(f"gone-{number}" for number in range(9)))
    assert [*loaded(chunks(state)).closed] == [*state.closed]
    assert [*loaded(chunks(state)).gone] == [*state.gone]


@pytest.mark.parametrize(
    ("known", "kind"),
    [
        (snapshot.TABLE, Table),
        (snapshot.OPTIONS, Options),
        (snapshot.ROUND, Round),
        (snapshot.SEEN, Seen),
        (snapshot.ENTRY, Entry),
        (("matches", "at", "closed", "gone"), State),
    ],
)
def test_no_field_is_left_out(known: tuple[str, ...], kind: Any) -> None:
    """Whoever adds a field to the state comes by here: name it in `snapshot`, and old checkpoints are void."""
    names = [name for name in signature(kind).parameters if name != "type"]
    assert [*known] == names
