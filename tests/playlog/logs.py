"""A partition of commands with the outcomes an owner makes of them, as records, for tests without a broker."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from random import Random
from uuid import UUID

from engine_worker.judge import State
from engine_worker.owner import Owner
from infra.kafka.client import partition_of
from playlog.client.script import Script
from schemas.codec import encode_fence
from schemas.command import Command, encode_command
from schemas.ids import match_id
from schemas.log import Fence
from schemas.match import Create, Join, Options, Play, Rematch
from schemas.topics import PARTITIONS

NOW = 1_790_000_000_000
PARTITION = 0


@dataclass(frozen=True)
class Line:
    """A consumed record, as readers look at it."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]
    timestamp: int = NOW

    def but(self, **changes: object) -> "Line":
        return replace(self, **changes)  # type: ignore[arg-type]


@dataclass
class Partition:
    """Two logs side by side."""

    commands: list[Line] = field(default_factory=list)
    outcomes: list[Line] = field(default_factory=list)

    def owner(self, name: str, watermark: int = -1, state: State | None = None) -> Owner:
        """A new owner behind a fence of its own."""
        fence = encode_fence(name, "engine-1", NOW)
        self._append(fence.key, fence.value, fence.headers)
        return Owner(PARTITION, Fence(self.outcomes[-1].offset, name), state or State(), watermark, at_home)

    def judge(self, owner: Owner, commands: list[Line] | None = None) -> None:
        """Append the owner's outcomes of these commands, all by default."""
        for line in self.commands if commands is None else commands:
            taken = owner.take(line.offset, line.timestamp, line.key, line.value, line.headers)
            if taken is not None:
                self._append(taken.key, taken.value, taken.headers)

    def send(self, command: Command, at: int = NOW) -> None:
        record = encode_command(command, at, "/test")
        self.commands.append(Line(len(self.commands), record.key, record.value, record.headers, at))

    def _append(self, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]]) -> None:
        self.outcomes.append(Line(len(self.outcomes), key, value, headers))


def at_home(match: str) -> bool:
    return partition_of(match.encode(), PARTITIONS) == PARTITION


def ids(random: Random) -> Iterator[str]:
    while True:
        yield str(UUID(int=random.getrandbits(128), version=4))


def played(matches: int = 3, moves: int = 20, seed: int = 1) -> Partition:
    """Matches of rock-paper-scissors, one after the other, judged by one owner."""
    found, random = Partition(), Random(seed)
    fresh = ids(random)
    for _ in range(matches):
        create = next(one for one in fresh if at_home(match_id(one)))
        match = match_id(create)
        found.send(
            Command(create, match, "ann", "0" * 32, Create(game="rps", rules=1, options=Options(best_of=7)))
        )
        found.send(Command(next(fresh), match, "bob", "0" * 32, Join()))
        for step in islice(Script("rps", 7, random).endless(), moves):
            word = Rematch() if step.body["type"] == "rematch" else Play(move=step.body["move"])
            found.send(Command(next(fresh), match, ("ann", "bob")[step.seat], "0" * 32, word))
    found.judge(found.owner("first"))
    return found
