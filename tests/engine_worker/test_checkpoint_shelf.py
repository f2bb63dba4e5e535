"""What a new checkpoint deletes of the older ones: never the one that the next takeover needs."""

from collections import defaultdict
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition

from engine_worker.checkpoint import Draft
from engine_worker.checkpoint_read import POINTERS, Checkpoints
from engine_worker.checkpoint_write import Shelf
from engine_worker.owner import Owner
from schemas.checkpoint import Pointer, encode_chunk
from schemas.codec import checksum
from schemas.log import Fence
from schemas.topics import MATCHES
from tests.engine_worker.partition import FENCE_RECORD, owner, sent, took
from tests.engine_worker.runs import image
from tests.words import AT, create

HEIR = Fence(99, "heir")
CHUNKS, NAMES = TopicPartition(MATCHES.checkpoints, 0), TopicPartition(MATCHES.checkpoint_pointers, 0)


class Log:
    """The checkpoint topics in memory, as producer, admin and reader see them."""

    def __init__(self) -> None:
        self.records: defaultdict[TopicPartition, list[Any]] = defaultdict(list)
        self.begins: defaultdict[TopicPartition, int] = defaultdict(int)
        self.positions: dict[TopicPartition, int] = {}

    async def send_and_wait(self, topic: str, value: bytes, key: bytes, partition: int, *, headers: Any) -> Any:
        records = self.records[TopicPartition(topic, partition)]
        records.append(SimpleNamespace(offset=len(records), key=key, value=value, headers=headers))
        return records[-1]

    async def delete_records(self, records: Any, timeout_ms: int) -> None:
        for tp, before in records.items():
            assert before.before_offset <= len(self.records[tp])
            self.begins[tp] = max(self.begins[tp], before.before_offset)

    async def beginning_offsets(self, names: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {tp: self.begins[tp] for tp in names}

    async def end_offsets(self, names: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {tp: len(self.records[tp]) for tp in names}

    def assign(self, names: list[TopicPartition]) -> None:
        self.positions = dict.fromkeys(names, 0)

    def seek(self, tp: TopicPartition, offset: int) -> None:
        assert offset >= self.begins[tp]
        self.positions[tp] = offset

    def pause(self, tp: TopicPartition) -> None:
        self.positions.pop(tp)

    async def getmany(self, *_: TopicPartition, timeout_ms: int) -> dict[TopicPartition, list[Any]]:
        return {tp: found for tp, position in self.positions.items() if (found := self.records[tp][position:])}


class Worker:
    """An engine that owns the partition, or believes so."""

    def __init__(self, log: Any) -> None:
        self.shelf, self.owner, self._drafts = Shelf(log, log, MATCHES), owner(), 0

    def judge(self, count: int) -> None:
        for _ in range(count):
            offset = self.owner.watermark + 1
            took(self.owner, sent(offset, create(f"match-{offset}")))
            self.owner.landed(self.owner.landing, 1)

    async def chunks(self) -> Pointer:
        """Write a checkpoint up to the moment before its pointer."""
        self._drafts += 1
        draft = Draft(f"{id(self):016x}{self._drafts:016x}", self.owner, checksum(*FENCE_RECORD[:2]))
        places = []
        while (chunk := draft.chunk()) is not None:
            places.append(await self.shelf.put(0, encode_chunk(chunk, AT)))
        return draft.pointer(places[0], places[-1], AT)

    async def checkpoint(self) -> None:
        await self.shelf.publish(0, await self.chunks())


async def next_takeover(log: Any) -> Any:
    """The state that a takeover begins with; None where it folds from offset 0."""
    checkpoints = Checkpoints(log, MATCHES)
    loaded = await checkpoints.load(await checkpoints.find([0]), {0: HEIR})
    return image(loaded[0].restored.state) if loaded else None


def state(of: Owner) -> Any:
    return image(of.state)


async def test_given_an_owner_stopped_before_its_pointer_when_it_wakes_then_its_successors_stays() -> None:
    log = Log()
    woken, successor = Worker(log), Worker(log)
    woken.judge(1)
    await woken.checkpoint()
    woken.judge(1)
    late = await woken.chunks()
    successor.judge(3)
    await successor.checkpoint()
    await woken.shelf.publish(0, late)
    assert log.begins[CHUNKS] > late.last
    assert await next_takeover(log) == state(successor.owner)


async def test_given_an_owner_that_goes_on_when_it_writes_again_then_its_older_pointers_are_deleted() -> None:
    log = Log()
    worker = Worker(log)
    for _ in range(3):
        worker.judge(1)
        await worker.checkpoint()
        assert len(log.records[NAMES]) - log.begins[NAMES] == 1
    assert await next_takeover(log) == state(worker.owner)


async def test_given_owners_that_each_write_one_when_there_are_many_then_old_pointers_are_deleted() -> None:
    log = Log()
    for count in range(1, 3 * POINTERS):
        worker = Worker(log)
        worker.judge(count)
        await worker.checkpoint()
    assert len(log.records[NAMES]) - log.begins[NAMES] == POINTERS
    assert await next_takeover(log) == state(worker.owner)
