"""Real records of matches played to the end, kept for ever: what every later engine must read and judge alike.

`python -m tests.corpus NAME` plays and adds `tests/schemas/corpus/NAME.ndjson`; a file that exists stays as it is.
Each line is a command with its outcome, bytes as Latin-1 text; the first line is the owner's fence.
`python -m tests.corpus` judges all commands again and prints a hash of the outcomes.
"""

import random
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import orjson

from engine_worker.owner import Owner, Taken
from engine_worker.table import Table
from schemas.codec import Record, encode_fence
from schemas.command import Command, encode_command
from schemas.ids import match_id, timer_id
from schemas.log import Fence
from schemas.match import TIMER, Create, Join, Options, Play, Rematch, Resign, TimeElapsed
from tests.engine_worker.partition import owner
from tests.words import ANN, AT, BOB, EVE, SHAPES

FOLDER = Path(__file__).parent / "schemas" / "corpus"
HOUR = 3_600_000
STRAY = "stray"  # a match id that belongs to another partition begins so


def at_home(match: str) -> bool:
    return not match.startswith(STRAY)


class Players:
    """Plays matches on one partition, with everything that can go wrong in between; all from one seed."""

    def __init__(self, seed: str) -> None:
        self.chance, self.at, self.number = random.Random(seed), AT, 0
        self.seed, self.fence = seed, Fence(0, uuid5(NAMESPACE_URL, seed).hex)
        self.owner = owner(fence=self.fence, at_home=at_home)
        self.lines = [{"fence": _line(encode_fence(self.fence.id, "engine-1", AT), 0)}]
        self.key, self.last = "", Command("", "", "", "", Join())

    def send(self, record: Record) -> None:
        offset = self.owner.watermark + 1
        self.at += self.chance.choice([0, 1, 40, 900])
        stamped = self.at - self.chance.choice([0, 0, 0, 20])  # the broker's clock may step back
        taken = self.owner.take(offset, stamped, *record)
        assert taken is not None
        outcome = Record(taken.key, taken.value, taken.headers)
        command = {**_line(record, offset), "timestamp": stamped}
        self.lines.append({"command": command, "outcome": _line(outcome, offset + 1)})

    def ask(self, player: str, word: Any, key: str | None = None, command_id: str | None = None) -> None:
        self.number += 1
        name = command_id or str(uuid5(NAMESPACE_URL, f"{self.seed}/{self.number}"))
        entropy = f"{self.chance.getrandbits(128):032x}"
        self.last = Command(name, key or self.key, player, entropy, word)
        self.send(encode_command(self.last, self.at, "/playlog/gateway"))

    def repeat(self, **other: Any) -> None:
        self.send(encode_command(self.last._replace(**other), self.at, "/playlog/gateway"))

    def timer(self, early: int = 0) -> None:
        deadline = self.table.deadline or 0
        self.at = max(self.at, deadline - early)
        self.ask(TIMER, TimeElapsed(deadline=deadline), command_id=timer_id(self.key, deadline))

    @property
    def table(self) -> Table:
        return self.owner.state.matches[self.key].table

    def open(self, game: str, best_of: Any, opponent: Any = "open") -> None:
        command = str(uuid5(NAMESPACE_URL, f"{self.seed}/{self.number}/create"))
        self.key = match_id(command)
        word = Create(game=game, rules=1, options=Options(best_of=best_of, opponent=opponent))
        self.ask(ANN, word, command_id=command)
        if opponent == "open":
            self.ask(ANN, Join())
            self.ask(ANN, Play(move={"shape": "rock"}))
            self.ask(EVE, Play(move={"shape": "rock"}))
            self.ask(BOB, Join())
            self.ask(EVE, Join())

    def throw(self, player: str, shape: str | None = None) -> None:
        chosen = shape or self.chance.choice(SHAPES[self.table.game])
        number = self.chance.choice([None, self.table.round])
        self.ask(player, Play(move={"shape": chosen}, round=number))

    def rounds(self) -> None:
        """Play on to the end, with mistakes."""
        while self.table.phase == "playing":
            players = [p for p, move in zip((ANN, BOB), self.table.moves, strict=True) if move is None]
            self.chance.shuffle(players)
            for player in players:
                self._mistake(player)
                if player in self.table.seats and self.chance.random() < 0.95:
                    self.throw(player)
            if self.table.phase == "playing" and None in self.table.moves:
                self.at = max(self.at, self.table.deadline or 0)
                if self.chance.random() < 0.5:
                    self.timer()
                else:
                    self.throw(players[0])

    def _mistake(self, player: str) -> None:
        deadline = self.table.deadline or 0
        match self.chance.randrange(14):
            case 0:
                self.repeat()
            case 1:
                self.repeat(word=Resign())
            case 2:
                self.ask(player, Play(move={"shape": "lava", "π": [1, None, 0.5]}))
            case 3:
                self.ask(player, Play(move={"shape": "rock"}, round=99))
            case 4:
                self.ask(EVE, Resign())
            case 5:
                self.ask(player, Rematch())
            case 6 if self.at + 1000 < deadline:
                self.timer(early=100)

    def rematch(self) -> None:
        self.ask(ANN, Rematch())
        if self.table.phase == "ended":
            self.ask(ANN, Rematch())
            self.ask(BOB, Rematch())

    def poison(self) -> None:
        """Records that are no commands, and commands in the wrong place."""
        self.send(Record(None, b"", []))
        self.send(Record(b"\xff\xfe", b"\x00", [("ce_id", b"x"), ("ce_type", b"org.playlog.match.join.v1")]))
        self.send(Record(self.key.encode(), b"{", [("ce_id", b"x"), ("ce_type", b"org.playlog.match.join.v1")]))
        self.send(Record(self.key.encode(), b"{}", [("ce_id", b"x"), ("ce_type", b"org.playlog.match.join.v9")]))
        self.send(
            Record(self.key.encode(), b" " * 4097, [("ce_id", b"x"), ("ce_type", b"org.playlog.match.join.v1")])
        )
        self.ask(ANN, Create(game="rps", rules=1, options=Options(best_of=1)), key=f"{STRAY}-1")
        self.ask(ANN, Join(), key="nowhere")
        for game, rules in (("chess", 1), ("rps", 9)):
            command = str(uuid5(NAMESPACE_URL, f"{self.seed}/{game}"))
            word = Create(game=game, rules=rules, options=Options(best_of=1))
            self.ask(ANN, word, key=match_id(command), command_id=command)

    def play(self, game: str) -> list[dict[str, Any]]:
        """All that one file tells."""
        self.open(game, 3)
        self.throw(ANN, "rock")
        self.throw(ANN, "paper")
        self.rounds()
        self.rematch()
        self.rounds()
        self.ask(EVE, Create(game=game, rules=1, options=Options(best_of=1)))
        self.poison()
        self.timer()
        self.ask(TIMER, TimeElapsed(deadline=AT))
        for player in (ANN, BOB, EVE):
            self.ask(player, Rematch())
        self.open(game, 5, "computer")
        self.rounds()
        self.rematch()
        self.throw(ANN)
        self.ask(ANN, Resign())
        self.open(game, 7)
        for _ in range(3):
            self.timer()
        self.open(game, 1, "computer")
        self.at += 25 * HOUR
        self.repeat()
        self.ask(ANN, Play(move={"shape": "rock"}))
        self.key = match_id(str(uuid5(NAMESPACE_URL, f"{self.seed}/0/create")))
        self.ask(ANN, Rematch())
        return self.lines


def _line(record: Record, offset: int) -> dict[str, Any]:
    key, value, headers = record
    return {
        "offset": offset,
        "key": None if key is None else key.decode("latin-1"),
        "value": value.decode("latin-1"),
        "headers": [[name, raw.decode("latin-1")] for name, raw in headers],
    }


def record(line: dict[str, Any]) -> Record:
    """The record that a line holds, bytes and all."""
    key = None if line["key"] is None else line["key"].encode("latin-1")
    headers = [(name, raw.encode("latin-1")) for name, raw in line["headers"]]
    return Record(key, line["value"].encode("latin-1"), headers)


def lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def judged(path: Path) -> Iterator[tuple[Owner, Taken, Record]]:
    """Every command of a file judged anew: its owner, what the owner made of it, what the file says."""
    first, *rest = lines(path)
    fence = Fence(first["fence"]["offset"], dict(first["fence"]["headers"])["ce_id"])
    of = owner(fence=fence, at_home=at_home)
    for line in rest:
        command = line["command"]
        taken = of.take(command["offset"], command["timestamp"], *record(command))
        assert taken is not None
        yield of, taken, record(line["outcome"])


def files() -> list[Path]:
    return sorted(FOLDER.glob("*.ndjson"))


def fingerprint() -> str:
    """A hash of all outcomes as this process judges them."""
    seen = sha256()
    for path in files():
        for _, taken, _ in judged(path):
            seen.update(b"%d %d " % (len(taken.key or b""), len(taken.value)) + (taken.key or b"") + taken.value)
    return seen.hexdigest()


def add(name: str) -> None:
    """Play the seed `name`; its game is the name's part before the first hyphen."""
    text = b"".join(orjson.dumps(line) + b"\n" for line in Players(name).play(name.split("-")[0]))
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / f"{name}.ndjson").open("xb") as file:
        file.write(text)
    with (FOLDER / "index.txt").open("a") as index:
        index.write(f"{sha256(text).hexdigest()}  {name}.ndjson\n")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        add(name)
    sys.stdout.write(fingerprint() + "\n")
