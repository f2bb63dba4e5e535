"""Seeded bugs, each put into a real service that is started through `tests.faults.launch`: a row must turn red.

They are the mistakes that other systems made. What they change is named as it is in the service, so that a bug
that no longer fits fails to start instead of doing nothing.
"""

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha1
from typing import Any, NamedTuple

from tests.faults.crashing import find


class Bug(NamedTuple):
    """The service it is put into, the row that must find it, and why that row stays green all the same."""

    service: str
    row: str
    patch: Callable[[], None]
    harmless: str = ""


def install(name: str, module: str) -> None:
    """Put a bug into this process, if it belongs to the service that `module` starts."""
    bug = BUGS[name]
    if bug.service == module:
        bug.patch()


def _forget_repeats() -> None:
    """B1: no command id is remembered."""
    _replace("engine_worker.judge:_remember", lambda *_: None)


def _commit_first() -> None:
    """B2: the group's offset is committed before the outcomes are produced, and believed after a takeover."""
    from aiokafka import TopicPartition

    from engine_worker.term import Term

    skipped: dict[tuple[int, int], int] = {}
    assign, handle, take_over, headers = (
        _original("engine_worker.term:Term.assign"),
        _original("engine_worker.term:Term._handle"),
        _original("engine_worker.takeover:Takeover.run"),
        _original("engine_worker.owner:outcome_headers"),
    )
    consumers: list[Any] = []

    def assigned(self: Term, consumer: Any, partitions: list[int]) -> None:
        consumers[:] = [consumer]
        assign(self, consumer, partitions)

    async def handled(self: Term, records: tuple[Any, ...]) -> None:
        mine = [record for record in records if record.partition in self.owners]
        offsets = {TopicPartition(record.topic, record.partition): record.offset + 1 for record in mine}
        if offsets:
            await consumers[0].commit(offsets)
        await handle(self, records)

    async def believed(self: Any, partitions: list[int], *rest: Any) -> list[Any]:
        restarts: list[Any] = await take_over(self, partitions, *rest)
        for owner in [restart.owner for restart in restarts]:
            commands = TopicPartition(self._domain.commands, owner.partition)
            committed = await consumers[0].committed(commands) or 0
            if committed > owner.watermark + 1:
                skipped[owner.partition, committed - 1] = owner.watermark
                owner.watermark = committed - 1
        return restarts

    def chained(name: bytes, partition: int, cause: int, after: int, *rest: Any) -> Any:
        return headers(name, partition, cause, skipped.pop((partition, after), after), *rest)

    _replace("engine_worker.term:Term.assign", assigned)
    _replace("engine_worker.term:Term._handle", handled)
    _replace("engine_worker.takeover:Takeover.run", believed)
    _replace("engine_worker.owner:outcome_headers", chained)


def _ignore_the_fence() -> None:
    """B3: the session worker reads on whoever wrote."""
    from schemas import log
    from session_worker import project

    def read(cursor: log.Cursor, offset: int, mark: Any) -> Any:
        if isinstance(mark, log.OutcomeMark) and cursor.fence is not None:
            mark = mark._replace(fence=cursor.fence)
        return log.read(cursor, offset, mark)

    project.RULE = replace(project.RULE, read=read)


def _keep_the_producer() -> None:
    """B4: an unknown result does not end the term; the same producer sends what comes next."""
    from engine_worker.produce import Unacknowledged

    outcomes = _original("engine_worker.produce:Log.outcomes")

    async def sent(self: Any, outgoing: Any) -> None:
        try:
            await outcomes(self, outgoing)
        except Unacknowledged:
            for one in outgoing:
                one.owner.landing += len(one)

    _replace("engine_worker.produce:Log.outcomes", sent)


def _write_without_comparing() -> None:
    """B5: a snapshot is written whatever Redis holds."""
    from session_worker import script, store

    text = script.WRITE
    for guard, instead in (
        ("if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then", "if false then"),
        ("if version > tonumber(redis.call('HGET', key, 'version') or '0') then", "if true then"),
    ):
        if guard not in text:
            raise LookupError(f"the script has no line {guard}")
        text = text.replace(guard, instead)
    _replace("session_worker.store:WRITE", text)
    store.SHA = sha1(text.encode(), usedforsecurity=False).hexdigest()


def _claim_apart() -> None:
    """B6: the sink's progress is committed by itself, before the rows."""
    from history_sink import sql, store

    async def write(connection: Any, claims: Any, events: Any, rows: Any) -> Any:
        claimed = await connection.fetch(sql.CLAIM, *store._claims(claims))
        if len(claimed) < len(claims):
            return None
        async with connection.transaction():
            return await store._insert(connection, events, rows)

    _replace("history_sink.store:_write", write)


def _subscribe_late() -> None:
    """B7: the snapshot is read before the subscription stands, and nobody looks again."""
    from gateway_api.matches import Matches

    consume = _original("gateway_api.matches:consume")

    def opened(self: Matches) -> None:
        for feed in self._feeds.values():
            feed.refresh()
        asyncio.get_running_loop().call_later(1.0, subscribe, self)

    def subscribe(self: Matches) -> None:
        for channel in self._feeds:
            self._line.call("SUBSCRIBE", channel).add_done_callback(consume)

    _replace("gateway_api.matches:Matches.on_open", opened)
    _replace("gateway_api.matches:Matches._poll", lambda *_: None)


def _reuse_the_fence() -> None:
    """B10: a new owner goes on under the fence that is there, instead of writing its own."""
    ends: dict[int, int] = {}
    write, init = _original("engine_worker.produce:Log.fence"), _original("engine_worker.owner:Owner.__init__")
    run = _original("engine_worker.takeover:Takeover.run")

    async def from_the_log(self: Any, partitions: list[int], _warm: Any, at_home: Any) -> Any:
        return await run(self, partitions, {}, at_home)  # there must be a record to read: no new fence comes

    async def fence(self: Any, partition: int, worker: str, now: int) -> Any:
        found, ends[partition] = await _last_fence(self._domain.outcomes, partition)
        if found is None:
            found = await write(self, partition, worker, now)
            ends[partition] = found.offset + 1
        return found

    def feed(self: Any, partition: int, records: list[Any]) -> bool:
        restored = self.restored[partition]
        for record in records:
            if record.offset >= restored.next:
                restored.feed(record.offset, record.key, record.value, record.headers)
                self._last[partition] = (record.key, record.value)
        return bool(restored.next >= ends[partition])

    def owned(self: Any, partition: int, *rest: Any) -> None:
        init(self, partition, *rest)
        self.landing = ends[partition]

    _replace("engine_worker.takeover:Takeover.run", from_the_log)
    _replace("engine_worker.produce:Log.fence", fence)
    _replace("engine_worker.folding:Fold.feed", feed)
    _replace("engine_worker.owner:Owner.__init__", owned)


async def _last_fence(topic: str, partition: int) -> tuple[Any, int]:
    """The fence that stands, None before the first one, and where the partition ends."""
    from aiokafka import TopicPartition

    from infra.kafka.client import reader
    from schemas import codec, log

    consumer, place = reader(os.environ["PLAYLOG_KAFKA"]), TopicPartition(topic, partition)
    await consumer.start()
    try:
        consumer.assign([place])
        end = (await consumer.end_offsets([place]))[place]
        consumer.seek(place, 0)
        found: log.Fence | None = None
        while await consumer.position(place) < end:
            for record in (await consumer.getmany(timeout_ms=200)).get(place, []):
                mark = codec.mark(record.headers)
                if isinstance(mark, log.FenceMark) and record.offset < end:
                    found = log.Fence(record.offset, mark.id)
        return found, end
    finally:
        await consumer.stop()


def _ignore_after() -> None:
    """B11: the sink takes any later command's outcome."""
    from history_sink import tabulate
    from schemas import log

    def read(cursor: log.Cursor, offset: int, mark: Any) -> Any:
        if isinstance(mark, log.OutcomeMark):
            mark = mark._replace(after=cursor.watermark)
        return log.read(cursor, offset, mark)

    tabulate.RULE = replace(tabulate.RULE, read=read)


def _trust_acknowledgements() -> None:
    """B12: what was acknowledged counts as accepted, wherever it landed."""

    def landed(self: Any, base_offset: int, count: int) -> None:
        self.landing = base_offset + count

    _replace("engine_worker.owner:Owner.landed", landed)


def _original(place: str) -> Any:
    return getattr(*find(place))


def _replace(place: str, by: Any) -> None:
    owner, attribute = find(place)
    setattr(owner, attribute, by)


KEPT_IN_ORDER = (
    "an idempotent producer that is kept delivers what was unknown before anything later, so the chain holds; "
    "were a batch lost or doubled, `after` and the landing check would each find it"
)
BUGS: dict[str, Bug] = {
    "B1": Bug("engine_worker", "F32", _forget_repeats),
    "B2": Bug("engine_worker", "F2", _commit_first),
    "B3": Bug("session_worker", "F9", _ignore_the_fence),
    "B4": Bug("engine_worker", "F17", _keep_the_producer, KEPT_IN_ORDER),
    "B5": Bug("session_worker", "F23", _write_without_comparing),
    "B6": Bug("history_sink", "F24", _claim_apart),
    "B7": Bug("gateway_api", "F22", _subscribe_late),
    "B10": Bug("engine_worker", "F4", _reuse_the_fence),
    "B11": Bug("history_sink", "F7", _ignore_after),
    "B12": Bug("engine_worker", "F8", _trust_acknowledgements),
}
