"""Fills the commands topic with whole matches of real words, as fast as the broker takes them."""

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from random import Random
from typing import Any
from uuid import UUID

from bench.target import Target
from infra.kafka.client import partition_of, producer
from playlog.client.script import Script
from schemas.codec import Record
from schemas.command import Command, encode_command
from schemas.ids import match_id
from schemas.match import Create, Join, Options, Play
from schemas.topics import MATCHES, PARTITIONS

CHUNK = 20_000
BATCH_BYTES = 60_000  # the topic takes 64 KiB
AT_ONCE = 200  # matches that run at the same time
IN_FLIGHT = 64
OPTIONS = Options(best_of=7, move_seconds=86_400)  # nobody's time runs out during a measurement


async def preload(target: Target, count: int, seed: int = 1) -> None:
    """Append `count` commands; every one of them will be accepted."""
    writer = producer(target.kafka, max_batch_size=BATCH_BYTES)
    await writer.start()
    sending: set[asyncio.Future[Any]] = set()
    try:
        found = islice(commands(Random(seed), time.time_ns() // 1_000_000), count)
        while chunk := [*islice(found, CHUNK)]:
            for partition, records in enumerate(_by_partition(chunk)):
                sending.update(await send(writer, MATCHES.commands, partition, records))
            if len(sending) > IN_FLIGHT:
                _, sending = await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.gather(*sending)
    finally:
        await writer.stop()


def _by_partition(records: list[Record]) -> list[list[Record]]:
    found: list[list[Record]] = [[] for _ in range(PARTITIONS)]
    for record in records:
        found[partition_of(record.key or b"", PARTITIONS)].append(record)
    return found


async def send(writer: Any, topic: str, partition: int, records: Iterable[Record]) -> list[asyncio.Future[Any]]:
    """Append records in as few batches as the writer's limit allows; the answers still to come."""
    sent: list[asyncio.Future[Any]] = []
    batch: Any = None
    for key, value, headers in records:
        if batch is None or batch.append(key=key, value=value, timestamp=None, headers=headers) is None:
            if batch is not None:
                sent.append(await _close(writer, topic, partition, batch))
            batch = writer.create_batch()
            batch.append(key=key, value=value, timestamp=None, headers=headers)
    if batch is not None:
        sent.append(await _close(writer, topic, partition, batch))
    return sent


async def _close(writer: Any, topic: str, partition: int, batch: Any) -> asyncio.Future[Any]:
    batch.close()
    answer: asyncio.Future[Any] = await writer.send_batch(batch, topic, partition=partition)
    return answer


def commands(random: Random, now: int) -> Iterator[Record]:
    """Matches in turns, so that a partition's neighbours in time are different matches, as they are in life."""
    running: deque[Iterator[Command]] = deque(_match(random) for _ in range(AT_ONCE))
    while True:
        match = running.popleft()
        command = next(match, None)
        if command is None:
            running.append(_match(random))
            continue
        running.append(match)
        yield encode_command(command, now, "/playlog/bench")


def _match(random: Random) -> Iterator[Command]:
    """Create, join, and every throw until somebody has won."""
    create = _id(random)
    match, players = match_id(create), (_id(random), _id(random))
    entropy = f"{random.getrandbits(128):032x}"
    yield Command(create, match, players[0], entropy, Create(game="rps", rules=1, options=OPTIONS))
    yield Command(_id(random), match, players[1], entropy, Join())
    for step in Script("rps", OPTIONS.best_of, random).match():
        yield Command(_id(random), match, players[step.seat], entropy, Play(move=step.body["move"]))


def _id(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))
