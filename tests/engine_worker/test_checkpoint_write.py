"""Checkpoints are written beside the moves: when they are due, of one moment, and at no move's cost."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from engine_worker.checkpoint import Assembly
from engine_worker.checkpoint_write import Checkpointer
from engine_worker.folding import Restart
from engine_worker.pace import Held, Pace
from schemas.checkpoint import Pointer, decode_chunk
from schemas.codec import Record
from schemas.match import Join
from tests.engine_worker.partition import FENCE_RECORD, Sent, owner, sent, took
from tests.engine_worker.runs import image
from tests.words import ANN, AT, BOB, create, throw, uid

ALWAYS = Pace(outcomes=1, seconds=0.001, share=1.0)
PATIENCE = 10.0


class Shelf:
    """The checkpoint topics in memory; `hold` lets its writer wait, `broken` is raised at the next chunk."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.pointers: list[Pointer] = []
        self.free = asyncio.Event()
        self.free.set()
        self.broken: Exception | None = None
        self.opened = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Any]:
        self.opened += 1
        yield self

    async def put(self, partition: int, record: Record) -> int:
        self.records.append(record)
        if self.broken is not None:
            broken, self.broken = self.broken, None
            raise broken
        await self.free.wait()
        return len(self.records) - 1

    async def publish(self, partition: int, pointer: Pointer) -> None:
        self.pointers.append(pointer)

    def state(self) -> Any:
        """What the newest pointer leads to."""
        pointer = self.pointers[-1]
        assembly = Assembly(pointer)
        for record in self.records[pointer.first : pointer.last + 1]:
            assembly.feed(decode_chunk(*record))
        return image(assembly.loaded().restored.state)


class Line:
    """What `touch` reads of a consumed command."""

    def __init__(self, key: bytes) -> None:
        self.key = key


class Moves:
    """An owner that judges commands and has its outcomes acknowledged, as a term lets it."""

    def __init__(self, checkpoints: Checkpointer) -> None:
        self.owner, self.checkpoints = owner(), checkpoints
        checkpoints.hold(Restart(self.owner, 0, (None, FENCE_RECORD.value), None))

    def say(self, *commands: Sent) -> None:
        self.checkpoints.touch(0, [Line(command.record.key or b"") for command in commands])
        taken = [took(self.owner, command) for command in commands]
        self.owner.landed(self.owner.landing, len(taken))
        self.checkpoints.landed(self.owner, taken[-1])

    def play(self) -> None:
        first = create()
        join = first._replace(id=uid("join"), player=BOB, word=Join())
        self.say(sent(0, first), sent(1, join), sent(2, create("another")))

    def go_on(self) -> None:
        self.say(sent(3, create()._replace(id=uid("rock"), player=ANN, word=throw("rock"))))


@asynccontextmanager
async def running(pace: Pace = ALWAYS, chance: Callable[[], float] = lambda: 0.0) -> AsyncIterator[Any]:
    shelf = Shelf()
    checkpoints = Checkpointer(shelf.open, pace, lambda: AT, chance=chance)
    task = asyncio.create_task(checkpoints.run())
    try:
        yield shelf, Moves(checkpoints)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.001)


async def test_a_checkpoint_stands_for_what_was_acknowledged() -> None:
    async with running() as (shelf, moves):
        moves.play()
        await until(lambda: shelf.pointers)
        assert shelf.state() == image(moves.owner.state)
        pointer = shelf.pointers[0]
        assert (pointer.next, pointer.watermark) == (4, 2)
        assert (pointer.fence.offset, pointer.fence.id) == moves.owner.fence


async def test_moves_go_on_while_it_is_written_and_are_not_in_it() -> None:
    async with running() as (shelf, moves):
        shelf.free.clear()
        moves.play()
        captured = image(moves.owner.state)
        await until(lambda: shelf.records)
        moves.go_on()
        shelf.free.set()
        await until(lambda: shelf.pointers)
        assert captured != image(moves.owner.state)
        first = shelf.pointers[0]
        del shelf.pointers[1:]
        assert (first.next, shelf.state()) == (4, captured)
        await until(lambda: shelf.pointers[1:])
        assert (shelf.pointers[-1].next, shelf.state()) == (5, image(moves.owner.state))


async def test_nothing_is_begun_while_an_outcome_is_in_flight() -> None:
    async with running() as (shelf, moves):
        taken = took(moves.owner, sent(0, create()))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.7):  # longer than it looks around
                await until(lambda: shelf.records)
        moves.owner.landed(1, 1)
        moves.checkpoints.landed(moves.owner, taken)
        await until(lambda: shelf.pointers)
        assert shelf.pointers[0].next == 2


async def test_a_partition_that_was_given_back_gets_no_pointer() -> None:
    async with running() as (shelf, moves):
        shelf.free.clear()
        moves.play()
        await until(lambda: shelf.records)
        assert moves.checkpoints.release() == {0: 0}
        shelf.free.set()
        moves = Moves(moves.checkpoints)
        moves.say(sent(0, create("new")))
        await until(lambda: shelf.pointers)
        assert [pointer.next for pointer in shelf.pointers] == [2]
        assert shelf.state() == image(moves.owner.state)


async def test_a_shelf_that_fails_is_opened_again_and_the_next_one_is_written() -> None:
    async with running() as (shelf, moves):
        shelf.broken = ConnectionError("away")
        moves.play()
        await until(lambda: shelf.pointers)
        assert shelf.opened == 2
        assert shelf.state() == image(moves.owner.state)


async def test_without_outcomes_enough_the_topics_are_not_even_opened() -> None:
    async with running(ALWAYS._replace(outcomes=100)) as (shelf, moves):
        moves.play()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.7):
                await until(lambda: shelf.opened)


def test_a_checkpoint_is_due_after_outcomes_and_time() -> None:
    pace, of = Pace(outcomes=2, seconds=60, share=0.1), owner()
    held = Held(of, of.watermark - of.landing, 0, (None, None), not_before=100.0)
    assert held.behind == 1
    assert not held.due(pace, 200.0)
    of.landing += 1
    assert not held.due(pace, 99.0)
    assert held.due(pace, 100.0)


def test_partitions_that_began_together_drift_apart() -> None:
    pace = Pace(outcomes=1, seconds=60, share=0.1)
    assert (pace.first(0.0), pace.first(0.5)) == (0, 30)
    assert (pace.pause(0.01, 12, 0.0), pace.pause(0.01, 12, 0.8)) == (60, 72)


def test_writing_takes_no_more_than_its_share_of_the_time() -> None:
    assert Pace(outcomes=1, seconds=60, share=0.1).pause(took=2.0, partitions=12, chance=0.0) == 240


async def test_its_writer_ends_though_a_checkpoint_falls_due_in_the_moment_of_its_end() -> None:
    """Found by simulation (seed 3432): the end was swallowed, and the worker's next term never began."""
    writer = Checkpointer(Shelf().open, ALWAYS, lambda: AT)
    running = asyncio.create_task(writer.run())
    await asyncio.sleep(0)
    writer._begun.set()
    running.cancel()
    await asyncio.wait({running}, timeout=PATIENCE)
    assert running.cancelled()
