"""A run in which nothing is wrong, made by the product's own pure cores: owners, projections, views, frames.

Two partitions; each owner is once replaced by another one that restores from the log, and still writes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any
from zlib import crc32

import orjson

from engine_worker.judge import State
from engine_worker.owner import Owner, Taken
from engine_worker.restore import Restored
from gateway_api.views import Snapshot as GatewaySnapshot
from history_sink import tabulate
from infra.kafka.client import partition_of
from schemas.codec import encode_fence, mark
from schemas.log import Cursor, Fence, OutcomeMark, read
from session_worker import project
from tests.proof.evidence import (
    Circumstances,
    ClientEvent,
    Connection,
    Evidence,
    Fault,
    Frame,
    Place,
    Reading,
    Record,
    Recovery,
    Resources,
    Send,
    Sentinel,
    Watermark,
)
from tests.proof.good_stores import Redis, Tables
from tests.proof.rules import words
from tests.proof.wishes import Seen, Wishes

PARTITIONS = 2
NAMES = {"computer": "Computer"}


@dataclass
class Run:
    """What grows while a run goes on; `clock` is the observers' monotonic one."""

    evidence: Evidence
    redis: Redis = field(default_factory=Redis)
    tables: Tables = field(default_factory=Tables)
    streams: dict[str, Connection] = field(default_factory=dict)
    clock: float = 0.0

    def tick(self) -> float:
        self.clock += 0.001
        return self.clock


class Partition:
    """A partition's engines, readers and clients, one command after the other."""

    def __init__(self, run: Run, number: int, random: Random) -> None:
        self.run, self.number, self.random = run, number, random
        self.outcomes: list[Record] = []
        self.owner = self.take_over("first")
        self.wishes = Wishes(random, number, PARTITIONS, self.look)
        self.session, self.sink = project.START, tabulate.START
        self.cursor, self.engine = Cursor(None, -1), 1

    def at_home(self, match: str) -> bool:
        return partition_of(match.encode(), PARTITIONS) == self.number

    def look(self, match: str) -> Seen | None:
        entry = self.owner.state.matches.get(match)
        return None if entry is None else Seen(entry.table.phase, entry.table.round, entry.table.deadline)

    def take_over(self, name: str) -> Owner:
        """A new owner's fence, and its state from the log up to it."""
        fence = Fence(len(self.outcomes), f"{name}-{self.number}")
        self.append(*encode_fence(fence.id, name, 0), stamp=0)
        restored = Restored()
        for record in self.outcomes:
            restored.feed(record.offset, record.key, record.value, record.headers)  # type: ignore[arg-type]
        return Owner(self.number, fence, restored.state or State(), restored.cursor.watermark, self.at_home)

    def append(
        self, key: bytes | None, value: bytes | None, headers: Any, stamp: int, producer: str | None = None
    ) -> None:
        record = Record(self.number, len(self.outcomes), stamp, key, value, tuple(headers))
        self.outcomes.append(record)
        if producer is not None:
            name = dict(headers)["ce_id"].decode()
            sends(self.run).append(Send(producer, "outcomes", self.number, record.offset, name))

    def play(self, records: Iterable[Record], commands: int) -> None:
        """All commands, a takeover in the middle, and the readers behind them."""
        for record in records:
            self.run.evidence.commands.append(record)  # type: ignore[union-attr]
            if record.offset == commands // 2:
                self.change_owner(record)
            taken = self.judge(self.owner, record)
            if record.offset == commands // 3:
                self.append(taken.key, taken.value, taken.headers, record.timestamp)  # the batch lands twice
            if self.random.random() < 0.4 or record.offset == commands - 1:
                self.catch_up()
            self.client(record, taken)

    def judge(self, owner: Owner, record: Record) -> Taken:
        headers: Any = list(record.headers)
        taken = owner.take(record.offset, record.timestamp, record.key, record.value, headers)
        assert taken is not None
        self.append(taken.key, taken.value, taken.headers, record.timestamp + 3, f"engine-{self.engine}")
        return taken

    def change_owner(self, record: Record) -> None:
        """Another engine takes over; the first one does not know it yet and answers the next command too."""
        stalled, self.engine = self.owner, 2
        self.owner = self.take_over("second")
        self.engine = 1
        self.judge(stalled, record)
        self.engine = 2

    def catch_up(self) -> None:
        """The readers read on; streams are sent what is new."""
        new = self.outcomes[self.session.next :]
        self.note(new)
        projected = project.project(self.session, new)  # type: ignore[arg-type]
        self.session = projected.progress
        self.run.redis.write(self.number, projected)
        accepted = tabulate.read(self.sink, new)  # type: ignore[arg-type]
        self.sink = accepted.progress
        self.run.tables.write(self.number, accepted)
        for match in projected.snapshots:
            self.run.evidence.redis_writes.append(self.run.redis.seen(self.run.tick(), match))  # type: ignore[union-attr]
            for player in [*self.wishes.matches.get(match, ("", []))[1], "watcher"]:
                self.send(match, player)

    def note(self, new: list[Record]) -> None:
        readings = self.run.evidence.readings
        for record in new:
            seen = mark(record.headers)  # type: ignore[arg-type]
            after = read(self.cursor, record.offset, seen)
            counts = isinstance(after, Cursor) and isinstance(seen, OutcomeMark)
            self.cursor = after if isinstance(after, Cursor) else self.cursor
            total = crc32((record.key or b"") + (record.value or b""))
            for reader in ("session-1", "history-1"):
                readings.append(Reading(reader, "s", self.number, record.offset, counts, total))  # type: ignore[union-attr]

    def send(self, match: str, player: str) -> None:
        """The newest view goes out on the player's stream, if that is not away just now."""
        name = f"{match[:8]}-{player[:8]}"
        connection = self.run.streams.get(name)
        at = self.run.tick()
        if connection is None:
            connection = Connection(name, None if player == "watcher" else player, match, at, "cut")
        elif self.random.random() < 0.3:
            return
        snapshot = self.snapshot(match)
        data = snapshot.view(snapshot.seat_of(player), NAMES).decode()
        frame = Frame(at, "view", snapshot.version, data)
        self.run.streams[name] = replace(connection, frames=(*connection.frames, frame))

    def snapshot(self, match: str) -> GatewaySnapshot:
        fields = self.run.redis.matches[match].fields
        private = {int(name[8:]): part for name, part in fields.items() if name.startswith("private:")}
        return GatewaySnapshot(int(fields["version"]), orjson.loads(fields["public"]), private)

    def client(self, record: Record, taken: Taken) -> None:
        """What the sender of a readable command sees of it over HTTP; now and then nothing."""
        command = words.read(record)
        if not isinstance(command, words.Command) or command.player == "timer":
            return
        call = f"{self.number}-{record.offset}"
        outcome = orjson.loads(taken.value)
        begin = ClientEvent(
            "invoke",
            "command",
            call,
            command.player,
            self.run.tick(),
            command.player,
            command.match,
            command=command.id,
        )
        history(self.run).append(begin)
        sends(self.run).append(Send("gateway-1", "commands", self.number, record.offset, command.id))
        if self.random.random() < 0.1:
            return
        answer = {"match": command.match, "command": command.id}
        end = replace(begin, kind="ok", at=self.run.tick(), status=202, answer=answer)
        if outcome["rejection"] is not None and self.random.random() < 0.5:
            end = replace(end, status=409, code=outcome["rejection"], answer=None)
        elif (
            outcome["rejection"] is None and command.match in self.run.redis.matches and self.random.random() < 0.5
        ):
            end = replace(end, status=200, **self.view(command.match, command.player))
        history(self.run).append(end)
        if end.version is not None:
            self.reads(begin, f"{call}-read")

    def view(self, match: str, player: str) -> dict[str, Any]:
        if self.session.next < len(self.outcomes):
            self.catch_up()
        snapshot = self.snapshot(match)
        shown = orjson.loads(snapshot.view(snapshot.seat_of(player), NAMES))
        return {"answer": shown, "version": snapshot.version}

    def reads(self, before: ClientEvent, call: str) -> None:
        begin = replace(before, action="view", call=call, at=self.run.tick(), command=None)
        shown = self.view(before.match or "", before.player or "")
        history(self.run).extend([begin, replace(begin, kind="ok", at=self.run.tick(), status=200, **shown)])


def history(run: Run) -> list[ClientEvent]:
    assert run.evidence.history is not None
    return run.evidence.history


def sends(run: Run) -> list[Send]:
    assert run.evidence.sends is not None
    return run.evidence.sends


def good(seed: int = 1, commands: int = 150, matches: int = 8) -> Evidence:
    """Complete evidence of a run that keeps every invariant."""
    evidence = Evidence(history=[], commands=[], readings=[], sends=[], redis_writes=[])
    run = Run(evidence)
    partitions = [Partition(run, number, Random(f"{seed}/{number}")) for number in range(PARTITIONS)]
    for partition in partitions:
        partition.play(partition.wishes.stream(commands, matches), commands)
    collect(run, partitions)
    return evidence


def collect(run: Run, partitions: list[Partition]) -> None:
    """Dumps at rest."""
    evidence = run.evidence
    evidence.outcomes = [record for partition in partitions for record in partition.outcomes]
    evidence.connections = [last_words(partitions, run, one) for one in run.streams.values()]
    evidence.redis_progress = [place(one.number, one.session) for one in partitions]
    evidence.postgres_progress = [place(one.number, one.sink) for one in partitions]
    evidence.checkpoints = [replace(place(one.number, one.sink), crc=None) for one in partitions]
    run.redis.dump(evidence)
    run.tables.dump(evidence)
    evidence.circumstances = Circumstances(PARTITIONS, redis_ms=run.redis.now, label="a good run")
    evidence.faults = [Fault(0.1, "SIGSTOP", "engine-1", 0.2)]
    evidence.watermarks = [
        Watermark("outcomes", one.number, 0, len(one.outcomes), len(one.outcomes)) for one in partitions
    ]
    evidence.sentinels = [sentinel(one) for one in partitions]
    evidence.recoveries = [Recovery("engine-1", 1.3, 2.5)]
    evidence.resources = [Resources("session-1", cycle, 60 << 20, 30, 2) for cycle in range(12)]


def last_words(partitions: list[Partition], run: Run, connection: Connection) -> Connection:
    """Every stream is brought to the newest version, and the client of a closed match is told so."""
    home = next(one for one in partitions if connection.match in one.wishes.matches)
    if connection.match not in run.redis.matches:
        return connection
    snapshot, frames = home.snapshot(connection.match), connection.frames
    if frames[-1].id != snapshot.version:
        data = snapshot.view(snapshot.seat_of(connection.player or ""), NAMES).decode()
        frames = (*frames, Frame(run.tick(), "view", snapshot.version, data))
    if not snapshot.terminal:
        return replace(connection, frames=frames, ended="open")
    return replace(connection, frames=(*frames, Frame(run.tick(), "end", None, "{}")), ended="end")


def place(partition: int, progress: Any) -> Place:
    fence = progress.cursor.fence
    offset, name = (None, None) if fence is None else (fence.offset, fence.id)
    return Place(partition, progress.next, offset, name, progress.cursor.watermark, progress.crc)


def sentinel(partition: Partition) -> Sentinel:
    """The last command that anybody could read."""
    reads = [words.read(record) for record in partition.wishes.sent]
    command = next(one for one in reversed(reads) if isinstance(one, words.Command))
    return Sentinel(partition.number, command.id, 1.0, 1.5, 5.0)
