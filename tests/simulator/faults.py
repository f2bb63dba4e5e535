"""What is done to the system: each run draws a few kinds of faults and strikes every now and then."""

import asyncio
from collections.abc import Callable
from typing import Any

from schemas.topics import MATCHES
from tests.proof.evidence import Fault
from tests.simulator.broker import Sent
from tests.simulator.gateway import Front
from tests.simulator.services import Stack, Supervisor

SHORT = (0.2, 0.6, 1.0)
LONG = (1.8, 2.5, 4.0)  # beyond the session


class Faults:
    """All faults, by name."""

    def __init__(self, stack: Stack, supervisor: Supervisor, front: Front) -> None:
        self.stack, self.supervisor, self.front, self.world = stack, supervisor, front, stack.world
        self.done: list[Fault] = []
        self._kinds: dict[str, tuple[float, Callable[[], str]]] = {
            "kill an engine": (3, lambda: self._kill("engine")),
            "stall an engine": (4, lambda: self._stall("engine")),
            "kill a session worker": (1, lambda: self._kill("session")),
            "stall a session worker": (2, lambda: self._stall("session")),
            "kill a sink": (1, lambda: self._kill("history")),
            "stall a sink": (2, lambda: self._stall("history")),
            "kill a gateway": (2, lambda: self._kill("gateway")),
            "stall a gateway": (1, lambda: self._stall("gateway")),
            "put a member out": (3, self._expel),
            "a consumer jumps": (1.5, self._consumer_jumps),
            "broker away": (2, self._broker_away),
            "cut the log": (0.5, self._cut),
            "redis dies": (1, lambda: self._now(self.stack.redis.die)),
            "redis flushed": (1, lambda: self._now(self.stack.redis.flush)),
            "redis paused": (1, lambda: self._paused(self.stack.redis)),
            "postgres dies": (1, lambda: self._now(self.stack.postgres.die)),
            "postgres paused": (1, lambda: self._paused(self.stack.postgres)),
            "a link clogs": (4, self._clog),
            "a link is lossy": (5, self._spoil),
            "gateways hear no hints": (2, self._deafen),
            "time jumps": (2.5, self._jump),
            "the broker's clock is set back": (0.7, self._set_back),
            "a clock is wrong": (1.5, self._skew),
            "somebody else fences": (1, self._hijack),
            "old outcomes come again": (1, self._again),
            "an outcome with a hole before it": (1, self._hole),
            "a command comes twice": (1, self._twice),
            "poison": (1, self._poison),
        }

    async def run(self) -> None:
        """Strike until the world is healed."""
        chance, world = self.world.chance, self.world
        names, weights = [*self._kinds], [weight for weight, _ in self._kinds.values()]
        drawn = chance.choices(names, weights, k=chance.choice([2, 3, 4, 5]))
        pause = chance.choice([0.25, 0.5, 1.0])
        await asyncio.sleep(0.5 + chance.random())
        while world.faulty:
            name = chance.choice(drawn)
            target = self._kinds[name][1]()
            self.done.append(Fault(world.loop.now, name, target))
            world.note("fault", (name, target))
            await asyncio.sleep(pause * (0.2 + 1.6 * chance.random()))

    def _one(self, kind: str = "") -> str:
        return self.world.chance.choice([name for name in self.world.processes if name.startswith(kind)])

    def _now(self, act: Callable[[], None]) -> str:
        act()
        return ""

    def _kill(self, kind: str) -> str:
        name = self._one(kind)
        self.supervisor.kill(name)
        return name

    def _stall(self, kind: str) -> str:
        name = self._one(kind)
        self.supervisor.stall(name, self.world.chance.choice(SHORT + LONG + LONG))
        return name

    def _expel(self) -> str:
        group = self.world.chance.choice(sorted(self.stack.broker.groups.values(), key=lambda group: group.name))
        if not group.members:
            return ""
        name = self.world.chance.choice(sorted(group.members))
        group.expel(name)
        return name

    def _consumer_jumps(self) -> str:
        """A member's consumer goes on at another offset than it should, which nobody may trust it not to."""
        members = [member for group in self.stack.broker.groups.values() for member in group.members.values()]
        if not members:
            return ""
        consumer = self.world.chance.choice(members)
        consumer.jump = self.world.chance.choice([-2, 1, 1, 2])
        return str(consumer.name)

    def _broker_away(self) -> str:
        self.stack.broker.stop()
        self.world.later(self.world.chance.choice(SHORT + LONG), self.stack.broker.start)
        return "broker"

    def _cut(self) -> str:
        partition = self.world.chance.randrange(self.stack.broker.partitions)
        self.stack.broker.cut(partition, 12)
        return str(partition)

    def _paused(self, server: Any) -> str:
        server.pause()
        self.world.later(self.world.chance.choice(SHORT + LONG), server.go_on)
        return ""

    def _clog(self) -> str:
        name = self._one()
        self.world.clog(name, self.world.chance.choice(SHORT + LONG))
        return name

    def _spoil(self) -> str:
        links = ["broker", "redis", "postgres", "browsers", self._one(), self._one("engine")]
        name = self.world.chance.choice(links)
        share = self.world.chance.choice([0.05, 0.2, 0.5])
        self.world.spoil(name, share)
        self.world.later(self.world.chance.choice(SHORT + LONG), self.world.spoil, name, 0.0)
        return name

    def _deafen(self) -> str:
        until = self.world.loop.now + self.world.chance.choice(SHORT + LONG)
        for gateway in self.front.gateways.values():
            gateway.line.deaf_until = until
        return ""

    def _jump(self) -> str:
        minutes = self.world.chance.choice([0.1, 0.6, 11, 61, 61, 130])
        self.world.jumped += round(minutes * 60_000)
        return f"{minutes} min"

    def _set_back(self) -> str:
        self.stack.broker.set_back = self.world.chance.choice([0, 3, 2_500, 7_200_000])
        return "broker"

    def _skew(self) -> str:
        name = self._one("engine" if self.world.roll(0.6) else "")
        self.world.skews[name] = self.world.chance.choice([0, 40_000, -1_500, -40_000])
        return name

    def _partition(self) -> int:
        return self.world.chance.randrange(self.stack.broker.partitions)

    def _hijack(self) -> str:
        """A fence of nobody."""
        headers = [
            ("ce_type", b"org.playlog.log.fence.v1"), ("ce_id", b"%x" % self.world.chance.getrandbits(64)),
        ]  # fmt: skip
        partition = self._partition()
        self.stack.broker.append(MATCHES.outcomes, partition, [Sent(None, b'{"owner":"nobody"}', headers)])
        return str(partition)

    def _again(self) -> str:
        """Some records that lie there come once more, with holes or without."""
        partition = self._partition()
        log = self.stack.broker.logs[MATCHES.outcomes, partition]
        if log:
            first = self.world.chance.randrange(max(0, len(log) - 6), len(log))
            lines = [line for line in log[first:] if line.key is not None and self.world.roll(0.7)]
            records = [Sent(line.key, line.value, line.headers) for line in lines]
            self.stack.broker.append(MATCHES.outcomes, partition, records)
        return str(partition)

    def _hole(self) -> str:
        """The owner's last outcome once more, as if it were that of a command far ahead."""
        partition = self._partition()
        log = self.stack.broker.logs[MATCHES.outcomes, partition]
        line = next((line for line in reversed(log) if line.key is not None), None)
        if line is not None:
            named = dict(line.headers)
            cause = int(named["playlog-cause"]) + 1000
            named.update({"playlog-cause": b"%d" % cause, "playlog-after": b"%d" % (cause - 1)})
            self.stack.broker.append(MATCHES.outcomes, partition, [Sent(line.key, line.value, [*named.items()])])
        return str(partition)

    def _twice(self) -> str:
        partition = self._partition()
        log = self.stack.broker.logs[MATCHES.commands, partition]
        if log:
            line = self.world.chance.choice(log[-8:])
            self.stack.broker.append(MATCHES.commands, partition, [Sent(line.key, line.value, line.headers)])
        return str(partition)

    def _poison(self) -> str:
        partition = self._partition()
        log = self.stack.broker.logs[MATCHES.commands, partition]
        key = self.world.chance.choice([None, b"\xff", b"nobody", log[-1].key if log else b""])
        value = self.world.chance.choice([b"", b"{", b"[]", b"\x00" * 5000, log[-1].value if log else b"1"])
        headers = self.world.chance.choice([[], [("ce_id", b"poison-%d" % len(self.done))], [("ce_type", b"x")]])
        if self.stack.home((key or b"").decode("ascii", "replace")) != partition:
            headers = []  # a cut partition's erasure takes the results of matches that are at home there
        self.stack.broker.append(MATCHES.commands, partition, [Sent(key, value, headers)])
        return str(partition)
