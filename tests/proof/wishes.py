"""Random commands of players, strangers, timers and vandals, as records: what a good run is made of."""

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from tests.proof.evidence import Record
from tests.proof.rules import games, ids

AT = 1_800_000_000_000
PAUSES = [0] * 14 + [1, 300, 2000, 4999, 5000, 30_000, 600_000, 3_600_000, 86_400_000]
ODD_MOVES: tuple[Any, ...] = (
    {"shape": "lizard"},
    {},
    {"shape": "rock", "x": 1},
    {"shape": None},
    [],
    {"shape": ["rock"]},
)
GARBAGE: tuple[bytes | None, ...] = (
    None,
    b"",
    b"{",
    b"\xff",
    b"null",
    b'{"player":"p"}',
    b'{"player":"","entropy":"","word":{}}',
    b"x" * 5000,
    b'\xef\xbb\xbf{"a":1}',
)


class Seen(NamedTuple):
    """What whoever draws the next command may know of a match."""

    phase: str
    round: int
    deadline: int | None


Look = Callable[[str], Seen | None]


class Wishes:
    """Draws the commands of one partition; `look` asks how a match stands."""

    def __init__(
        self, random: Random, partition: int, partitions: int | None, look: Look, crowd: bool = False
    ) -> None:
        self.random, self.partition, self.partitions, self.look = random, partition, partitions, look
        self.crowd = crowd  # a long match in short time, many strangers, repeats of what was said long ago
        self.at, self.offset = AT, 0
        self.matches: dict[str, tuple[str, list[str]]] = {}  # id -> game and players
        self.sent: list[Record] = []

    def stream(self, count: int, matches: int) -> Iterator[Record]:
        """So many commands, to about so many matches."""
        for _ in range(count):
            if len(self.matches) < matches and (not self.matches or self.random.random() < 0.2):
                record = self.create()
            else:
                record = self.next()
            self.sent.append(record)
            self.offset += 1
            yield record

    def uid(self) -> str:
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def create(self) -> Record:
        while True:
            command = self.uid()
            match = ids.match_id(command) or ""
            if self.partitions is None or ids.partition_of(match, self.partitions) == self.partition:
                break
        game = self.random.choice(sorted(games.SHAPES))
        players = [self.uid(), self.uid()]
        self.matches[match] = game, players
        options = {
            "best_of": 31 if self.crowd else self.random.choice([1, 3, 3, 5, 7, 31]),
            "move_seconds": self.random.choice([5, 30, 86_400]),
            "opponent": "open" if self.crowd else self.random.choice(["open", "open", "open", "computer"]),
        }
        word = {"type": "match.create.v1", "game": game, "rules": 1, "options": options}
        return self.record(match, players[0], word, command)

    def next(self) -> Record:
        match = self.random.choice([*self.matches])
        chance = self.random.random()
        if chance < (0.4 if self.crowd else 0.06):
            return self.again()
        if chance < 0.08:
            return self.vandal(match)
        seen = self.look(match)
        if seen is not None and chance < 0.16 and seen.deadline is not None:
            return self.timer(match, seen.deadline)
        return self.player(match, seen)

    def player(self, match: str, seen: Seen | None) -> Record:
        game, players = self.matches[match]
        player = self.random.choice([*players * (2 if self.crowd else 8), self.uid()])
        if seen is not None and seen.phase == "waiting":
            kind = self.random.choice(["join"] * 8 + ["play", "resign", "rematch"])
            player = players[1] if self.random.random() < 0.8 else player
        elif seen is not None and seen.phase in ("ended", "closed"):
            kind = self.random.choice(["rematch"] * 6 + ["play", "join", "resign"])
        else:
            kind = self.random.choice(
                ["play"] * (400 if self.crowd else 40) + ["resign", "join", "rematch", "create"]
            )
        if kind == "create":
            options = {"best_of": self.random.choice([1, 3])}
            word = {
                "type": "match.create.v1",
                "game": self.random.choice([game, "go"]),
                "rules": 1,
                "options": options,
            }
            return self.record(match, player, word)
        word = {"type": f"match.{kind}.v1"}
        if kind == "play":
            word = self.play(game, seen)
        return self.record(match, player, word)

    def play(self, game: str, seen: Seen | None) -> dict[str, Any]:
        shape = {"shape": self.random.choice(games.SHAPES["rpsfw" if self.random.random() < 0.05 else game])}
        move = self.random.choice(ODD_MOVES) if self.random.random() < 0.04 else shape
        word: dict[str, Any] = {"type": "match.play.v1", "move": move}
        if self.random.random() < 0.3:
            word["round"] = (seen.round if seen else 1) + self.random.choice([0, 0, 0, 1, -1])
        return word

    def timer(self, match: str, deadline: int) -> Record:
        if self.random.random() < (0.05 if self.crowd else 0.7):
            self.at = max(self.at, deadline)
        about = deadline + self.random.choice([0, 0, 0, 0, 1])
        return self.record(match, "timer", {"type": "match.time-elapsed.v1", "deadline": about})

    def again(self) -> Record:
        """An earlier record once more, or its id with another body."""
        first = self.random.choice(self.sent[-400 if self.crowd else -40 :])
        if self.random.random() < 0.2 and first.value and b"player" in first.value:
            value = first.value.replace(b"rock", b"paper").replace(b"resign", b"join")
            return self.as_it_is(first.key, value, first.headers)
        return self.as_it_is(first.key, first.value, first.headers)

    def vandal(self, match: str) -> Record:
        """What a broken or hostile client may append."""
        whole = self.record(match, self.uid(), {"type": "match.join.v1"})
        key, value = whole.key, whole.value
        headers = [*whole.headers]
        kind = self.random.choice(["value", "key", "type", "id", "unknown", "stranger"])
        if kind == "value":
            value = self.random.choice(GARBAGE)
        elif kind == "key":
            key = self.random.choice([None, b"", b"\xff", b"k" * 65, "č".encode()])
        elif kind == "type":
            headers[2] = ("ce_type", self.random.choice([b"org.playlog.match.play.v9", b"", None]))
        elif kind == "id":
            headers[4] = ("ce_id", self.random.choice([None, b"", b"i" * 65, b"\x01"]))
        elif kind == "unknown":
            key = self.uid().encode()
        else:
            return self.odd_create()
        return self.as_it_is(key, value, tuple(headers))

    def odd_create(self) -> Record:
        """A create under another match's key, of rules that come later, or of a game that nobody plays."""
        command, word = self.uid(), {**CREATE, **self.random.choice([{}, {"rules": 2}, {"game": "go"}])}
        home = self.partitions is None and word != CREATE
        return self.record(ids.match_id(command) or "" if home else self.uid(), self.uid(), word, command)

    def record(self, match: str, player: str, word: dict[str, Any], command: str | None = None) -> Record:
        entropy = f"{self.random.getrandbits(128):032x}"
        value = json.dumps({"player": player, "entropy": entropy, "word": word}, separators=(",", ":"))
        headers: tuple[tuple[str, bytes | None], ...] = (
            ("ce_specversion", b"1.0"),
            ("content-type", b"application/json"),
            ("ce_type", f"org.playlog.{word['type']}".encode()),
            ("ce_source", b"/playlog/test"),
            ("ce_id", (command or self.uid()).encode()),
        )
        return self.as_it_is(match.encode(), value.encode(), headers)

    def as_it_is(
        self, key: bytes | None, value: bytes | None, headers: tuple[tuple[str, bytes | None], ...]
    ) -> Record:
        self.at += self.random.choice(PAUSES[:16] if self.crowd else PAUSES)
        stamp = self.at - self.random.choice([0, 0, 0, 0, 1, 10_000])  # the broker's clock may step back
        return Record(self.partition, self.offset, stamp, key, value, headers)


CREATE = {"type": "match.create.v1", "game": "rps", "rules": 1, "options": {"best_of": 3}}
