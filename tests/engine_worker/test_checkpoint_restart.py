"""An engine on the real stack that is killed and comes back to the same state: through its checkpoints, and where
they are gone, torn or damaged."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from itertools import islice
from random import Random
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from bench.preload import commands
from infra.kafka.client import admin, partition_of, producer, reader
from infra.stack.platform import Platform, Service, platform
from infra.stack.trial import trial
from playlog.client.http import Pool
from schemas.checkpoint import Pointer, decode_chunk, decode_pointer, encode_chunk, encode_pointer
from schemas.codec import Record
from schemas.topics import MATCHES, PARTITIONS

pytestmark = pytest.mark.stack
ENGINE = "engine-1"
PATIENCE = 60.0
QUICKLY = {"PLAYLOG_CHECKPOINT_SECONDS": "0.2", "PLAYLOG_CHECKPOINT_OUTCOMES": "1"}
COMMANDS = 600


class Engine:
    """One engine on stores of its own, and raw access to its topics."""

    def __init__(self, running: Platform) -> None:
        self.platform, self.kafka = running, running.environment["PLAYLOG_KAFKA"]
        self.service: Service = running[ENGINE]
        self.writer, self.reader = producer(self.kafka, max_batch_size=60_000), reader(self.kafka)
        self.admin = admin(self.kafka)
        self.fences = PARTITIONS
        self._commands = commands(Random(1), int(time.time() * 1000))

    async def judge(self, count: int) -> None:
        """Append commands and wait for their outcomes."""
        on_their_way = [
            await self.writer.send(
                MATCHES.commands,
                record.value,
                record.key,
                partition_of(record.key or b"", PARTITIONS),
                headers=record.headers,
            )
            for record in islice(self._commands, count)
        ]
        await asyncio.gather(*on_their_way)
        await self.until(self._judged)

    async def _judged(self) -> bool:
        return await self.total(MATCHES.outcomes) >= await self.total(MATCHES.commands) + self.fences

    async def total(self, topic: str) -> int:
        ends = await self.reader.end_offsets(names(topic))
        return int(sum(ends.values()))

    async def covered(self) -> None:
        """Wait until every partition's checkpoint stands for all its outcomes."""

        async def reached() -> bool:
            behind = await self.metric("playlog_checkpoint_behind_records{")
            return len(behind) == PARTITIONS and not any(behind)

        await self.until(reached)

    async def restart(self, harm: Callable[["Engine"], Any]) -> None:
        """Kill it, do harm to its checkpoints, start it, and wait until it owns everything."""
        self.service.kill()
        await harm(self)
        self.service.start()
        self.fences += PARTITIONS

        async def ready() -> bool:
            return await asyncio.to_thread(lambda: self.service.ready)

        await self.until(ready)

    async def metric(self, name: str) -> list[float]:
        pool = Pool(f"http://127.0.0.1:{self.service.port}")
        text = (await pool.request("GET", "/metrics", {})).body.decode()
        pool.close()
        return [float(line.split()[-1]) for line in text.splitlines() if line.startswith(name)]

    async def unreadable(self, reason: str) -> float:
        return sum(await self.metric(f'playlog_checkpoints_unreadable_total{{reason="{reason}"}}'))

    async def until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not await condition():
                await asyncio.sleep(0.05)

    async def append(self, topic: str, partition: int, record: Record) -> int:
        sent = await self.writer.send_and_wait(topic, record.value, record.key, partition, headers=record.headers)
        return int(sent.offset)

    async def records(self, topic: str) -> dict[int, list[Any]]:
        """All that a topic holds, by partition; together, since a new assignment waits for the last fetch."""
        tps = names(topic)
        begins, ends = await self.reader.beginning_offsets(tps), await self.reader.end_offsets(tps)
        self.reader.assign(tps)
        for tp in tps:
            self.reader.seek(tp, begins[tp])
        found: dict[int, list[Any]] = {tp.partition: [] for tp in tps}
        while any([await self.reader.position(tp) < ends[tp] for tp in tps]):
            for tp, records in (await self.reader.getmany(timeout_ms=200)).items():
                found[tp.partition] += records
        return found


def names(topic: str) -> list[TopicPartition]:
    return [TopicPartition(topic, partition) for partition in range(PARTITIONS)]


@pytest.fixture(scope="module")
async def engine(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Engine]:
    home, folder = (tmp_path_factory.mktemp(name) for name in ("checkpoints", "checkpoints-stores"))
    with (
        trial(folder) as stores,
        platform(home, {**os.environ, **stores.environment, **QUICKLY}, {ENGINE}) as running,
    ):
        of = Engine(running)
        await asyncio.gather(of.writer.start(), of.reader.start(), of.admin.start())
        await of.judge(COMMANDS)
        yield of
        await asyncio.gather(of.writer.stop(), of.reader.stop(), of.admin.close())


async def no_harm(_: Engine) -> None:
    """A crash alone."""


async def destroyed(of: Engine) -> None:
    """Everything that was ever written is gone."""
    tps = [tp for topic in MATCHES.checkpoint_topics() for tp in names(topic.name)]
    ends = await of.reader.end_offsets(tps)
    await of.admin.delete_records({tp: RecordsToDelete(end) for tp, end in ends.items()})


async def torn(of: Engine) -> None:
    """The chunks are gone, but not the pointers."""
    ends = await of.reader.end_offsets(names(MATCHES.checkpoints))
    await of.admin.delete_records({tp: RecordsToDelete(end) for tp, end in ends.items()})


async def damaged(of: Engine) -> None:
    """Chunks are not what was written: other bytes under the checkpoint's own id."""
    chunks = await of.records(MATCHES.checkpoints)
    for partition, pointer in (await newest(of)).items():
        places = []
        for record in chunks[partition]:
            chunk = decode_chunk(record.key, record.value, record.headers)
            if chunk is not None and chunk.id == pointer.id:
                harmed = chunk._replace(value=chunk.value.replace(b'"playing"', b'"waiting"'))
                places.append(await of.append(MATCHES.checkpoints, partition, encode_chunk(harmed, pointer.at)))
        moved = replace(pointer, first=places[0], last=places[-1])
        await of.append(MATCHES.checkpoint_pointers, partition, encode_pointer(moved))
        await of.admin.delete_records({TopicPartition(MATCHES.checkpoints, partition): RecordsToDelete(places[0])})


async def from_the_future(of: Engine) -> None:
    """Pointers that stand for more of the log than there is."""
    for partition, pointer in (await newest(of)).items():
        ahead = replace(pointer, next=pointer.next + 1_000_000)
        await of.append(MATCHES.checkpoint_pointers, partition, encode_pointer(ahead))


async def newest(of: Engine) -> dict[int, Pointer]:
    found: dict[int, Pointer] = {}
    for partition, records in (await of.records(MATCHES.checkpoint_pointers)).items():
        pointer = decode_pointer(records[-1].value, records[-1].headers)
        assert pointer is not None
        found[partition] = pointer
    return found


@pytest.mark.parametrize(
    ("harm", "reason", "folds_all"),
    [
        (no_harm, None, False),
        (destroyed, None, True),
        (torn, "incomplete", True),
        (damaged, "damaged", True),
        (from_the_future, "above_fence", False),
    ],
)
async def test_an_engine_comes_back_to_the_same_state(
    engine: Engine, harm: Callable[[Engine], Any], reason: str | None, folds_all: bool
) -> None:
    await engine.covered()
    known = await engine.total(MATCHES.outcomes)
    await engine.restart(harm)

    [restored] = await engine.metric("playlog_restored_records_total")
    if folds_all:
        assert restored >= known
    else:
        assert restored < known / 2
    if reason is not None:
        assert await engine.unreadable(reason) == PARTITIONS
    await engine.judge(COMMANDS // 4)
    verify(engine)


def verify(of: Engine) -> None:
    """Every outcome so far is what the commands give when they are judged again from the first one."""
    command = [sys.executable, "-m", "playlog", "verify"]
    done = subprocess.run(
        command, env=dict(of.platform.environment), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
