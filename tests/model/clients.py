"""Players who send commands: moves that make sense, retries, mistakes, and records that are none."""

from typing import Any

from schemas.codec import Record
from schemas.command import Command, encode_command
from schemas.match import Create, Join, Options, Rematch, Resign
from tests.model.world import World
from tests.words import ANN, BOB, EVE, create, throw, uid

THROWS = [throw("rock"), throw("paper"), throw("scissors")]
MATCHES = [create("first").key, create("second", "rpsfw").key]


class Clients:
    """All players together."""

    def __init__(self, world: World) -> None:
        self.world, self.sent, self.opened = world, list[Record](), set[int]()

    def act(self) -> None:
        chance = self.world.chance
        if self.sent and self.world.roll(0.15):
            self.world.command(chance.choice(self.sent))  # a client's retry, or the producer's
        elif self.world.roll(0.03):
            self.world.command(Record(chance.choice([None, MATCHES[0].encode()]), b"{", [("ce_id", b"1")]))
        else:
            record = encode_command(self._command(), self.world.now, "/playlog/gateway")
            self.sent.append(record)
            self.world.command(record)

    def _command(self) -> Command:
        chance = self.world.chance
        number = chance.choice([0, 0, 0, 1])
        entropy = f"{chance.getrandbits(128):032x}"
        if number not in self.opened or self.world.roll(0.03):
            self.opened.add(number)
            opponent: Any = chance.choice(["open", "open", "computer"])
            seconds = chance.choice([5, 30, 86_400])
            options = Options(best_of=chance.choice([1, 3]), move_seconds=seconds, opponent=opponent)
            opened = create(("first", "second")[number], ("rps", "rpsfw")[number])
            return opened._replace(word=Create(game=opened.word.game, rules=1, options=options), entropy=entropy)
        entry = self.world.truth.state.matches.get(MATCHES[number])
        phase = entry.table.phase if entry else "waiting"
        words: dict[str, list[Any]] = {
            "waiting": [Join(), Join(), *THROWS],
            "playing": THROWS,
        }
        word = chance.choice([*words.get(phase, [Rematch()]) * 5, Resign(), Rematch(), Join()])
        player = chance.choice([ANN, ANN, ANN, BOB, BOB, BOB, EVE])
        return Command(uid(chance.getrandbits(64)), MATCHES[number], player, entropy, word)
