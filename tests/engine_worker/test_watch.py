"""What an engine worker says of itself: readiness, liveness and lag, in every state of a term."""

import asyncio
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError
from prometheus_client import REGISTRY

from engine_worker.checkpoint_write import Checkpointer
from engine_worker.judge import State
from engine_worker.owner import Owner
from engine_worker.pace import Pace
from engine_worker.term import Term
from engine_worker.watch import STUCK_MS, Watch
from engine_worker.worker import CHECKS, work
from infra.health import Health
from infra.kafka.lag import YOUNG_MS
from schemas.log import Fence
from schemas.topics import MATCHES
from tests.words import AT


class Consumer:
    """Polled each partition at `polled`; every partition ends at `end`."""

    def __init__(self) -> None:
        self.polled: dict[int, int] = {}
        self.end = 10

    def last_poll_timestamp(self, tp: TopicPartition) -> int:
        return self.polled.get(tp.partition, AT)

    def highwater(self, _: TopicPartition) -> int:
        return self.end


class Scene:
    """A term that owns what it is told to, looked at `now`."""

    def __init__(self) -> None:
        anything: Any = None
        checkpoints = Checkpointer(anything, Pace(1, 1.0, 1.0), lambda: AT)
        self.term, self.consumer = Term(anything, anything, checkpoints, MATCHES), Consumer()
        self.health, self.now = Health(CHECKS), AT
        self.watch = Watch(self.term, self.consumer, lambda: self.now, self.health)

    def own(self, *partitions: int) -> None:
        self.term.joined, self.term.assigned = True, set(partitions)
        for partition in partitions:
            self.restore(partition)

    def restore(self, partition: int) -> None:
        state = State(at=AT - 5000)
        self.term.owners[partition] = Owner(partition, Fence(0, "f"), state, 3, lambda _: True)

    def said(self) -> dict[str, Any]:
        self.watch.look()
        checks: dict[str, Any] = self.health.report()["checks"]
        return checks


@pytest.fixture
async def scene() -> Scene:
    return Scene()


def lag(partition: int, unit: str = "records") -> float | None:
    labels = {"topic": MATCHES.commands, "partition": str(partition)}
    return REGISTRY.get_sample_value(f"playlog_consumer_lag_{unit}", labels)


async def test_before_the_group_has_spoken_a_worker_is_not_ready(scene: Scene) -> None:
    assert scene.said()["partitions"] == {"ok": False, "reason": "the group has not assigned partitions yet"}
    assert not scene.health.ready


async def test_a_worker_is_ready_once_all_its_partitions_are_restored(scene: Scene) -> None:
    scene.own(1)
    scene.term.assigned = {1, 2}
    assert scene.said()["partitions"]["reason"] == "1 of 2 partitions restored"
    scene.restore(2)
    assert scene.said()["partitions"] == {"ok": True}
    assert scene.health.ready


async def test_a_worker_for_whom_no_partition_is_left_is_ready(scene: Scene) -> None:
    scene.own()
    assert scene.said() == {"kafka": {"ok": True}, "partitions": {"ok": True}}


async def test_a_worker_whose_partitions_are_taken_back_is_not_ready(scene: Scene) -> None:
    scene.own(1)
    await scene.term.revoke()
    assert not scene.said()["partitions"]["ok"]


async def test_a_broker_that_answers_for_no_partition_is_said_to_be_away(scene: Scene) -> None:
    scene.own(1, 2)
    scene.now = AT + YOUNG_MS + 500
    assert scene.said()["kafka"] == {"ok": False, "reason": "no answer for 3 s"}
    scene.consumer.polled[2] = scene.now
    assert scene.said()["kafka"] == {"ok": True}


async def test_a_partition_that_was_not_polled_for_long_ends_the_term(scene: Scene) -> None:
    scene.own(1, 2)
    scene.now = scene.consumer.polled[2] = AT + STUCK_MS + 1
    with pytest.raises(TimeoutError, match="partition 1"):
        scene.watch.look()


async def test_lag_is_told_for_owned_partitions_alone(scene: Scene) -> None:
    scene.own(1, 2)
    scene.watch.look()
    assert (lag(1), lag(1, "seconds"), lag(2)) == (6, 5, 6)
    await scene.term.revoke()
    scene.own(2)
    scene.consumer.end = 4
    scene.watch.look()
    assert (lag(1), lag(1, "seconds"), lag(2), lag(2, "seconds")) == (None, None, 0, 0)
    scene.watch.end()
    assert lag(2) is None


async def test_a_worker_lives_while_the_broker_is_away() -> None:
    tries, stop, health = 0, asyncio.Event(), Health(CHECKS, beat_seconds=0.6)

    def away() -> Any:
        nonlocal tries
        tries += 1
        raise KafkaConnectionError

    health.beat()
    worker = asyncio.create_task(work(away, lambda: AT, health, stop))
    async with asyncio.timeout(20):
        while tries < 6:
            assert health.alive
            assert not health.ready
            await asyncio.wait([worker], timeout=0.01)
        stop.set()
        await worker
    assert health.report()["checks"]["kafka"]["reason"] == "term ended: KafkaConnectionError"


async def test_given_a_partition_that_was_never_polled_when_it_stays_so_then_the_term_ends(scene: Scene) -> None:
    scene.own(0)
    scene.consumer.polled[0] = 0
    assert scene.said()["kafka"]["ok"]
    scene.now += STUCK_MS
    assert not scene.said()["kafka"]["ok"]
    scene.now += 1
    with pytest.raises(TimeoutError):
        scene.watch.look()
