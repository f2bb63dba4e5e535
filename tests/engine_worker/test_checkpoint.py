"""A checkpoint stands for what was acknowledged, and one that is anything but whole and fitting is not used."""

from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine_worker.checkpoint import Assembly, Draft, Loaded, Reason, Unreadable, quiet, refused, stands
from engine_worker.folding import Fold
from engine_worker.owner import Owner, Taken
from engine_worker.restore import Restored
from schemas.checkpoint import Chunk, Pointer, decode_chunk, decode_pointer, encode_chunk, encode_pointer
from schemas.codec import Record, checksum, encode_fence
from schemas.command import Command
from schemas.log import Fence
from schemas.match import Join
from tests.engine_worker.partition import FENCE_RECORD, Sent, owner, sent, took
from tests.engine_worker.runs import Told, anywhere, image, runs
from tests.words import ANN, AT, BOB, create, throw, uid

CREATE = create()
COMMANDS = [
    CREATE,
    CREATE._replace(id=uid("join"), player=BOB, word=Join()),
    CREATE._replace(id=uid("ann"), player=ANN, word=throw("rock")),
    CREATE._replace(id=uid("bob"), player=BOB, word=throw("paper")),
]
HEIR = Fence(9, "heir")
ID = "0" * 32


class Line(NamedTuple):
    """A record of outcomes as it is read."""

    offset: int
    key: bytes | None
    value: bytes
    headers: list[tuple[str, bytes]]


class Log:
    """A partition of outcomes that one owner writes, and the owner."""

    def __init__(self) -> None:
        self.owner = owner()
        self.lines = [Line(0, *FENCE_RECORD)]
        self.lead = self.owner.watermark - self.owner.landing

    def say(self, *commands: Sent) -> None:
        for command in commands:
            self.land(took(self.owner, command))

    def land(self, taken: Taken) -> None:
        self.owner.landed(len(self.lines), 1)
        self.lines.append(Line(len(self.lines), taken.key, taken.value, taken.headers))

    def draft(self, chunk_bytes: int = 1) -> tuple[Pointer, list[Chunk]]:
        last = self.lines[-1]
        draft = Draft(ID, self.owner, checksum(last.key, last.value))
        draft._capture._chunk_bytes = chunk_bytes
        found: list[Chunk] = []
        while (chunk := draft.chunk()) is not None:
            found.append(chunk)
        return draft.pointer(5, 5 + len(found) - 1, AT), found

    def heir(self, fence: Fence = HEIR) -> None:
        self.lines.append(Line(len(self.lines), *encode_fence(fence.id, "engine-2", AT)))


def after(*commands: Command) -> Log:
    log = Log()
    log.say(*[sent(offset, command) for offset, command in enumerate(commands)])
    return log


def read(pointer: Pointer, *chunks: Chunk | None) -> Loaded:
    assembly = Assembly(pointer)
    for chunk in chunks:
        assembly.feed(chunk)
    return assembly.loaded()


def reason(pointer: Pointer, *chunks: Chunk | None) -> Reason:
    with pytest.raises(Unreadable) as caught:
        read(pointer, *chunks)
    return caught.value.reason


@given(st.integers(0, 4))
def test_a_heir_goes_on_from_a_checkpoint_as_from_the_log(cut: int) -> None:
    log = after(*COMMANDS[:cut])
    pointer, chunks = log.draft()
    log.say(*[sent(offset, command) for offset, command in enumerate(COMMANDS)][cut:])
    fence = Fence(len(log.lines), "heir")
    log.heir(fence)
    fold = Fold({0: fence}, {0: Restored()}, {0: read(pointer, *chunks)})
    tail = log.lines[fold.begin(0) :]
    assert fold.confirmed(0, tail[0])
    assert fold.feed(0, tail)
    assert image(fold.restored[0].state) == image(log.owner.state)
    assert fold.restored[0].cursor == (fence, log.owner.watermark)
    assert fold.count == len(log.lines) - pointer.next


@given(runs(), st.integers(0, 30))
def test_the_cursor_and_the_state_are_those_of_the_owner(told: Told, cut: int) -> None:
    log = Log()
    for command in [step for step in told.steps[:cut] if isinstance(step.read, Command)]:
        read_ = command.read
        assert isinstance(read_, Command)
        log.say(sent(log.owner.watermark + 1, read_, command.timestamp))
    pointer, chunks = log.draft()
    restored = read(pointer, *chunks).restored
    assert (restored.cursor, restored.next, restored.covered) == (log.owner.cursor, len(log.lines), len(log.lines))
    assert image(restored.state) == image(log.owner.state)


def test_given_a_command_without_a_key_while_a_checkpoint_is_made_then_nothing_is_held_back_for_it() -> None:
    log = after(*COMMANDS)
    draft = Draft(ID, log.owner, 0)
    draft.touch(None)
    plain = Draft(ID, log.owner, 0)
    while (chunk := draft.chunk()) is not None:
        assert chunk == plain.chunk()
    assert plain.chunk() is None


def test_an_owner_is_quiet_only_when_all_it_judged_was_acknowledged() -> None:
    log = after(*COMMANDS[:2])
    assert quiet(log.owner, log.lead)
    taken = took(log.owner, sent(2, COMMANDS[2]))
    assert not quiet(log.owner, log.lead)
    log.land(taken)
    assert quiet(log.owner, log.lead)


def test_an_owner_that_skips_what_has_its_outcome_stays_quiet() -> None:
    log = after(*COMMANDS[:2])
    assert log.owner.take(0, AT, None, None, []) is None
    assert quiet(log.owner, log.lead)


def test_other_writers_chunks_and_strange_records_between_its_own_do_not_count() -> None:
    log = after(*COMMANDS)
    log.say(sent(4, create("another")))
    pointer, chunks = log.draft()
    foreign = [chunk._replace(id="f" * 32, value=b"{}") for chunk in chunks]
    mixed = [line for pair in zip(foreign, chunks, strict=True) for line in (*pair, None)]
    assert image(read(pointer, *mixed).restored.state) == image(log.owner.state)


def test_a_chunk_that_was_sent_twice_counts_once() -> None:
    log = after(*COMMANDS)
    pointer, chunks = log.draft()
    assert image(read(pointer, chunks[0], *chunks).restored.state) == image(log.owner.state)


def test_a_checkpoint_that_lacks_a_chunk_is_incomplete() -> None:
    log = after(*COMMANDS, create("another"), create("third"))
    pointer, chunks = log.draft()
    assert len(chunks) == 3
    assert reason(pointer, *chunks[:-1]) is Reason.INCOMPLETE
    assert reason(pointer, chunks[0], chunks[2]) is Reason.INCOMPLETE
    assert reason(pointer) is Reason.INCOMPLETE


@pytest.mark.parametrize(
    "harm",
    [
        lambda value: value.replace(b"rock", b"fire"),
        lambda value: value[:-1],
        lambda value: b"",
        lambda value: b"[1]",
        lambda value: b'{"at":0,"closed":[],"gone":[],"verdicts":[],"matches":[["m",1,[],[]]]}',
        lambda value: value.replace(b'"verdicts":[[', b'"verdicts":[],"x":[['),
    ],
)
def test_a_changed_chunk_is_found_out(harm: Any) -> None:
    pointer, [chunk] = after(*COMMANDS).draft()
    harmed = harm(chunk.value)
    assert harmed != chunk.value
    assert reason(pointer, chunk._replace(value=harmed)) is Reason.DAMAGED


def test_a_checkpoint_above_the_readers_fence_of_another_format_or_of_other_rules_is_refused() -> None:
    pointer, _ = after(*COMMANDS).draft()
    assert pointer.next == 5
    assert refused(pointer, Fence(5, "heir")) is None
    assert refused(pointer, Fence(4, "heir")) is Reason.ABOVE_FENCE
    assert refused(replace(pointer, format="0-f"), HEIR) is Reason.FORMAT
    assert refused(replace(pointer, rules=pointer.rules + 1), HEIR) is Reason.RULES


def test_the_record_before_a_checkpoint_confirms_it() -> None:
    log = after(*COMMANDS)
    pointer, _ = log.draft()
    last = log.lines[-1]
    assert stands(pointer, *last)
    assert not stands(pointer, *log.lines[-2])
    assert not stands(pointer, *last._replace(value=b"{}"))
    renamed = last._replace(headers=[(n, b"0:other" if n == "playlog-fence" else v) for n, v in last.headers])
    assert not stands(pointer, *renamed)
    moved = last._replace(headers=[(n, b"7" if n == "playlog-cause" else v) for n, v in last.headers])
    assert not stands(pointer, *moved)
    assert not stands(pointer, *last._replace(headers=[]))


def test_before_its_first_outcome_an_owners_fence_confirms_its_checkpoint() -> None:
    log = Log()
    pointer, _ = log.draft()
    assert (pointer.next, pointer.watermark) == (1, -1)
    assert stands(pointer, *log.lines[0])
    assert not stands(pointer, 0, *encode_fence("another", "engine-1", AT))


def test_a_log_that_was_cut_and_has_grown_again_is_folded_from_its_first_record() -> None:
    pointer, chunks = after(*COMMANDS).draft()
    regrown = after(create("another"), *COMMANDS)
    fence = Fence(len(regrown.lines), "heir")
    regrown.heir(fence)
    fold = Fold({0: fence}, {0: Restored()}, {0: read(pointer, *chunks)})
    assert not fold.confirmed(0, regrown.lines[fold.begin(0)])
    assert fold.begin(0) == 0
    assert fold.confirmed(0, regrown.lines[0])
    assert fold.feed(0, regrown.lines)
    assert image(fold.restored[0].state) == image(regrown.owner.state)
    assert fold.restart(Owner(0, fence, fold.restored[0].state, 4, anywhere)).covered == 0


def test_what_an_owner_must_know_for_its_own_checkpoints_comes_from_the_fold() -> None:
    log = after(*COMMANDS)
    pointer, chunks = log.draft()
    fence = Fence(len(log.lines), "heir")
    log.heir(fence)
    fold = Fold({0: fence}, {0: Restored()}, {0: read(pointer, *chunks)})
    assert fold.confirmed(0, log.lines[fold.begin(0)])
    assert fold.feed(0, log.lines[fold.begin(0) :])
    heir = Owner(0, fence, fold.restored[0].state, fold.restored[0].cursor.watermark, anywhere)
    assert fold.restart(heir) == (heir, 5, (None, log.lines[-1].value), AT)


def test_pointers_and_chunks_survive_the_wire() -> None:
    pointer, chunks = after(*COMMANDS).draft()
    assert decode_pointer(*values(encode_pointer(pointer))) == pointer
    for chunk in chunks:
        assert decode_chunk(*encode_chunk(chunk, AT)) == chunk


def test_other_records_are_neither_pointers_nor_chunks() -> None:
    pointer, [chunk, *_] = after(*COMMANDS).draft()
    one, other = encode_pointer(pointer), encode_chunk(chunk, AT)
    assert decode_chunk(*one) is None
    assert decode_pointer(*values(other)) is None
    assert decode_pointer(b"{", one.headers) is None
    assert decode_pointer(None, one.headers) is None
    assert decode_pointer(one.value.replace(b'"chunks":', b'"lumps":'), one.headers) is None
    assert decode_chunk(other.key, None, other.headers) is None
    assert decode_chunk(b"\xff", other.value, other.headers) is None
    for number in (b"x", None):
        headers: Any = [(n, number if n == "playlog-chunk" else v) for n, v in other.headers]
        assert decode_chunk(other.key, other.value, headers) is None


def values(record: Record) -> tuple[bytes, list[tuple[str, bytes]]]:
    return record.value, record.headers
