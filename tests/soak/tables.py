"""What players of both games send, table by table, some of them clumsily; pure, and the same for the same seed."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import NamedTuple
from uuid import UUID

from infra.kafka.client import partition_of
from playlog.client.script import SHAPES, Script
from schemas.codec import Record
from schemas.command import Command, encode_command
from schemas.ids import match_id
from schemas.match import Create, Join, Options, Play, Rematch, Resign
from schemas.topics import PARTITIONS

AT_ONCE = 300  # matches that run at the same time
BEST_OF = (3, 5, 7, 15)
HURRIED = 0.03  # matches whose players leave after a while, so that time decides
LONELY = 0.05  # matches against the computer
RESIGNED = 0.1
AGAIN = 0.3  # matches with a rematch
HURRY_SECONDS, DAY_SECONDS = 5, 86_400


class Sendable(NamedTuple):
    """A record with its place and its command's id; `opens`: the match that it creates."""

    partition: int
    record: Record
    command: str
    opens: str | None = None


@dataclass
class Players:
    """Two players at a table; everything they send is drawn from `random`."""

    random: Random
    now_ms: int
    match: str = ""
    partition: int = 0

    def play(self) -> Iterator[Sendable]:
        """All commands of one table, in an order that players could have sent them in."""
        random = self.random
        game, best_of = random.choice(("rps", "rpsfw")), random.choice(BEST_OF)
        chance = random.random()
        hurried, lonely = chance < HURRIED, HURRIED <= chance < HURRIED + LONELY
        seats = identity(random), identity(random)
        yield self._open(game, best_of, hurried, lonely, seats[0])
        if not lonely:
            yield self.send(seats[1], Join())
        leaves = random.randrange(8) if hurried else 0
        yield from self._rounds(game, best_of, seats, lonely, leaves)

    def _open(self, game: str, best_of: int, hurried: bool, lonely: bool, player: str) -> Sendable:
        create = identity(self.random)
        self.match = match_id(create)
        self.partition = partition_of(self.match.encode(), PARTITIONS)
        options = Options(
            best_of=best_of,  # type: ignore[arg-type]
            move_seconds=HURRY_SECONDS if hurried else DAY_SECONDS,
            opponent="computer" if lonely else "open",
        )
        sent = self.send(player, Create(game=game, rules=1, options=options), create)
        return sent._replace(opens=self.match)

    def _rounds(
        self, game: str, best_of: int, seats: tuple[str, str], lonely: bool, leaves: int
    ) -> Iterator[Sendable]:
        """Steps until somebody has won, resigned or left, and at times once more."""
        random, resigns = self.random, self.random.random() < RESIGNED
        script = Script(game, best_of, random)
        rematches = random.random() < AGAIN
        for number, step in enumerate(script.endless(), start=1):
            if leaves and number > leaves:
                return
            if step.body["type"] == "rematch" and not rematches:
                yield self.send(seats[0], Play(move={"shape": "rock"}))  # too late
                return
            if resigns and number > 5:
                yield self.send(seats[step.seat], Resign())
                return
            if number > 6 * best_of:
                return
            if not (lonely and step.seat == 1):
                word = Rematch() if step.body["type"] == "rematch" else Play(move=step.body["move"])
                yield from self._clumsily(seats[step.seat], word, game)

    def _clumsily(self, player: str, word: object, game: str) -> Iterator[Sendable]:
        sent = self.send(player, word)
        yield sent
        chance = self.random.random()
        if chance < 0.03:
            yield sent  # a client that did not hear the answer
        elif chance < 0.04:
            yield self.send(identity(self.random), Play(move={"shape": SHAPES[game][0]}))  # a stranger
        elif chance < 0.05:
            yield self.send(player, Play(move={"shape": "lizard"}))
        elif chance < 0.055:
            yield sent._replace(record=sent.record._replace(value=b'{"player":'))

    def send(self, player: str, word: object, command: str = "") -> Sendable:
        command = command or identity(self.random)
        entropy = f"{self.random.getrandbits(128):032x}"
        record = encode_command(Command(command, self.match, player, entropy, word), self.now_ms, "/soak")
        return Sendable(self.partition, record, command)


def identity(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))


def matches(seed: int, now_ms: int, at_once: int = AT_ONCE) -> Iterator[Sendable]:
    """Match after match without an end; neighbours in time are different matches, as they are in life."""
    random = Random(seed)
    running = deque(Players(random, now_ms).play() for _ in range(at_once))
    while True:
        table = running.popleft()
        sent = next(table, None)
        running.append(table if sent is not None else Players(random, now_ms).play())
        if sent is not None:
            yield sent


def ties(seed: int, now_ms: int, tables: int) -> Iterator[Sendable]:
    """The same matches for ever: nobody ever wins, so nothing that is remembered grows."""
    random = Random(seed)
    playing: list[tuple[Players, str, str]] = []
    for _ in range(tables):
        table, first, second = Players(random, now_ms), identity(random), identity(random)
        yield table._open("rps", 31, False, False, first)
        yield table.send(second, Join())
        playing.append((table, first, second))
    while True:
        for table, first, second in playing:
            for player in (first, second):
                yield table.send(player, Play(move={"shape": "rock"}))
