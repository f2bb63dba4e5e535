"""Commands at a fixed rate, straight into their topic, and a record of every one the broker acknowledged."""

import asyncio
import contextlib
import itertools
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from aiokafka.errors import KafkaError

from infra.kafka.client import partition_of, producer
from schemas.codec import Record
from schemas.command import Command, encode_command
from schemas.ids import match_id
from schemas.match import Create, Join, Options, Play, Resign
from schemas.topics import COMMAND_BYTES, MATCHES, PARTITIONS

BATCH_BYTES = COMMAND_BYTES // 2
ANSWER_SECONDS = 30.0
CREATE = b"org.playlog.match.create.v1"
SHAPES = ("rock", "paper", "scissors")


class Acknowledged(NamedTuple):
    """A command that the broker promised to keep."""

    partition: int
    offset: int
    command_id: str


@dataclass
class Load:
    """Two players at each of many tables, some of them clumsy: repeats, bad moves, strangers, unreadable bytes."""

    servers: str
    seed: int
    tables: int = 100
    sent: int = 0
    acknowledged: list[Acknowledged] = field(default_factory=list)
    unknown: int = 0  # sent, and never acknowledged: may or may not be in the log
    opened: list[str] = field(default_factory=list)  # matches whose creation was acknowledged

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._going = asyncio.Event()
        self._going.set()
        self._waiting: set[asyncio.Task[None]] = set()

    async def run(self, per_second: float, stop: asyncio.Event) -> None:
        """Send on a fixed schedule until `stop`, however late the broker answers; then wait for the answers."""
        sender = producer(self.servers, max_batch_size=BATCH_BYTES)
        await sender.start()
        due = time.monotonic()
        try:
            for record in self._records():
                due += 1 / per_second
                if (early := due - time.monotonic()) > 0:
                    await asyncio.sleep(early)
                if not self._going.is_set():
                    await self._going.wait()
                    due = time.monotonic()
                if stop.is_set():
                    break
                self._begin(sender, record)
            await self._answers(ANSWER_SECONDS)
        finally:
            self.unknown = self.sent - len(self.acknowledged)
            await _end(sender)

    async def lull(self) -> None:
        """Send nothing more until `go`; returns when what was sent is acknowledged."""
        self._going.clear()
        await self._answers(ANSWER_SECONDS)

    def go(self) -> None:
        """Send again."""
        self._going.set()

    async def _answers(self, seconds: float) -> None:
        if self._waiting:
            await asyncio.wait(set(self._waiting), timeout=seconds)

    def _begin(self, sender: Any, record: Record) -> None:
        self.sent += 1
        task = asyncio.create_task(self._send(sender, record))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _send(self, sender: Any, record: Record) -> None:
        partition = partition_of(record.key or b"", PARTITIONS)
        try:
            sent = await sender.send_and_wait(
                MATCHES.commands, record.value, record.key, partition, headers=record.headers
            )
        except (KafkaError, OSError):
            return  # nobody knows: counted at the end
        named = dict(record.headers)
        self.acknowledged.append(Acknowledged(partition, sent.offset, named["ce_id"].decode()))
        if named["ce_type"] == CREATE:
            self.opened.append((record.key or b"").decode())

    def _records(self) -> Iterator[Record]:
        tables = [self._table() for _ in range(self.tables)]
        for place in itertools.cycle(range(self.tables)):
            record = next(tables[place], None)
            if record is None:
                tables[place] = self._table()
                record = next(tables[place])
            yield record

    def _table(self) -> Iterator[Record]:
        """The commands of one match, in an order that players could have sent them in."""
        create = self._id()
        match, first, second = match_id(create), self._id(), self._id()
        hurried = self._random.random() < 0.03  # most tables are patient, so that the log comes to rest
        options = Options(best_of=7, move_seconds=5 if hurried else 86_400)
        yield self._record(create, match, first, Create(game="rps", rules=1, options=options))
        yield self._record(self._id(), match, second, Join())
        for _ in range(self._random.randrange(4, 30)):
            for player in (first, second):
                yield from self._turn(match, player)
        yield self._record(self._id(), match, first, Resign())

    def _turn(self, match: str, player: str) -> Iterator[Record]:
        play = self._record(self._id(), match, player, Play(move={"shape": self._random.choice(SHAPES)}))
        yield play
        chance = self._random.random()
        if chance < 0.03:
            yield play  # a client that did not hear the answer
        elif chance < 0.04:
            yield self._record(self._id(), match, self._id(), Play(move={"shape": "rock"}))
        elif chance < 0.05:
            yield self._record(self._id(), match, player, Play(move={"shape": "lizard"}))
        elif chance < 0.06:
            yield play._replace(value=b'{"player":')

    def _record(self, command: str, match: str, player: str, word: object) -> Record:
        entropy = f"{self._random.getrandbits(128):032x}"
        return encode_command(Command(command, match, player, entropy, word), int(time.time() * 1000), "/load")

    def _id(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))


async def _end(sender: Any) -> None:
    """Stop a producer; one that cannot deliver is left to its end."""
    with contextlib.suppress(TimeoutError, KafkaError, OSError):
        await asyncio.wait_for(sender.stop(), ANSWER_SECONDS)
