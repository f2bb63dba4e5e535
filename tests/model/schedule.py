"""One schedule: everybody acts in random turns, then the faults end and every invariant is checked."""

from collections.abc import Callable

import orjson

from schemas import keys
from schemas.rejections import Code
from tests.model.clients import Clients
from tests.model.engines import Worker
from tests.model.readers import Reader, Session, Sink
from tests.model.rules import Rules
from tests.model.stores import Redis, Tables
from tests.model.world import Violation, World

STEPS = 110
ROUNDS = 400  # the most that healing may take


class Schedule:
    """A seed's whole world."""

    def __init__(self, seed: int, rules: Rules) -> None:
        self.world = World(seed)
        self.clients = Clients(self.world)
        self.workers = [Worker(self.world, rules) for _ in range(2)]
        self.redis, self.tables = Redis(rules), Tables(rules)
        self.readers: list[Reader] = [
            *(Session(self.world, rules, self.redis) for _ in range(2)),
            *(Sink(self.world, rules, self.tables) for _ in range(2)),
        ]
        self.rules = rules
        chance = self.world.chance
        self.actions: list[tuple[Callable[[], None], float]] = [
            (self.clients.act, 4),
            (self.world.pass_time, chance.choice([0.3, 1])),
            (self.world.deliver, chance.choice([3, 6])),
            (lambda: chance.choice(self.workers).step(), 7),
            (lambda: chance.choice(self.readers).step(), 9),
            (self.redis.flush, chance.choice([0, 0, 0.5])),
            (self.cut, chance.choice([0, 0, 0.3])),
        ]

    def run(self) -> None:
        acts, weights = zip(*self.actions, strict=True)
        for act in self.world.chance.choices(acts, weights, k=STEPS):
            act()
        self.heal()
        self.check()

    def cut(self) -> None:
        """Who is connected to the broker notices that it has failed, and starts again."""
        self.world.cut()
        for worker in self.workers:
            worker.crash()
        for reader in self.readers:
            reader.disconnect()

    def heal(self) -> None:
        """One fresh worker takes over and everything comes to rest; whoever was stalled wakes up."""
        self._settle_engine()
        for reader in self.readers[1::2]:
            self._settle_reader(reader)
        for reader in self.readers:  # the others write what they held back all the time
            self._settle_reader(reader)
        for reader in self.readers:
            self._settle_reader(reader)

    def _settle_engine(self) -> None:
        heir = Worker(self.world, self.rules)
        for _ in range(ROUNDS):
            self.world.deliver(kindly=True)
            owner = heir.owner
            if owner is not None and not heir.pending and not self.world.requests:
                heir.report_deadlines(owner, sharp=True)
                if len(self.world.truth.accepted) == len(self.world.commands):
                    return
            heir.step(kindly=True)
        raise Violation("some command never gets an outcome, or some deadline is reported for ever")

    def _settle_reader(self, reader: Reader) -> None:
        for _ in range(ROUNDS):
            if reader.settled:
                return
            reader.step(kindly=True)
        raise Violation(f"{type(reader).__name__} never comes to rest")

    def check(self) -> None:
        """Every store is the fold of the log."""
        self.world.check_end()
        self._check_deadlines()
        self._check_redis()
        self._check_results()
        self._check_tables()

    def _check_deadlines(self) -> None:
        for match, entry in self.world.truth.state.matches.items():
            if (entry.table.deadline or self.world.now + 1) <= self.world.now:
                raise Violation(f"the deadline of {match} was slept through")

    def _check_redis(self) -> None:
        self.redis.expire(self.world.now)
        expected: dict[str, object] = {}
        for match, document in self.world.newest().items():
            at, deadline = document["at"], document["deadline"] or 0
            assert isinstance(at, int)
            assert isinstance(deadline, int)
            if max(at + keys.MATCH_TTL_MS, deadline + keys.DEADLINE_GRACE_MS) > self.world.now:
                expected[match] = document["public"]
        found = {match: orjson.loads(held.public) for match, (_, held) in self.redis.snapshots.items()}
        if found != expected:
            raise Violation(f"Redis is not the fold of the log: {found} instead of {expected}")

    def _check_results(self) -> None:
        verdicts: dict[str, set[tuple[object, object]]] = {}
        for line in self.world.truth.accepted:
            document = orjson.loads(line.value)
            if document["rejection"] != Code.KEY_REUSED:
                verdict = (document["rejection"], document["version"])
                verdicts.setdefault(document["command_id"], set()).add(verdict)
        for command, (_, result) in self.redis.results.items():
            body = orjson.loads(result.body)
            if (body["code"], body["version"]) not in verdicts.get(command, set()):
                raise Violation(f"the result of {command} is one that no outcome has")

    def _check_tables(self) -> None:
        expected = [
            (document["version"], ordinal, event["type"])
            for line in self.world.truth.accepted
            for document in [orjson.loads(line.value)]
            for ordinal, event in enumerate(document["events"])
        ]
        found = [(event[1], event[2], event[4]) for event in self.tables.events]
        if found != expected:
            raise Violation(f"PostgreSQL is not the fold of the log: {found} instead of {expected}")
        views = {match: row.public() for match, row in self.tables.matches.items()}
        if views != {match: document["public"] for match, document in self.world.newest().items()}:
            raise Violation("a match in PostgreSQL is not its newest view")


def run(seed: int, rules: Rules | None = None) -> Schedule:
    """Run one schedule. Raises Violation, with the seed in its notes."""
    schedule = Schedule(seed, rules or Rules())
    try:
        schedule.run()
    except Violation as error:
        error.add_note(f"seed {seed}")
        raise
    return schedule
