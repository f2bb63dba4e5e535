"""Seeded bugs: the mistakes of other systems, and each rule of the outcome log switched off; each must be found.

They are patches of the running product and of the fakes. None of them exists outside of this folder.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any, NamedTuple
from unittest.mock import patch

from engine_worker import judge, takeover
from engine_worker.owner import Owner
from engine_worker.produce import Log, Unacknowledged
from engine_worker.term import Term
from gateway_api.matches import Matches
from history_sink import sql, store, tabulate
from infra.kafka.progress import Progress
from schemas import log
from schemas.codec import checksum
from schemas.topics import MATCHES
from session_worker import project
from tests.simulator.services import Stack

Undo = Iterator[None]


class Bug(NamedTuple):
    """What is wrong, within how many seeds it must show, and how it is put in."""

    title: str
    install: Callable[[Stack], Any]
    within: int = 1000


def _patched(*patches: Any) -> Callable[[Stack], Any]:
    @contextmanager
    def install(_: Stack) -> Undo:
        with ExitStack() as stack:
            for one in patches:
                stack.enter_context(one())
            yield

    return install


def _object(target: Any, name: str, wrong: Any) -> Callable[[], Any]:
    return lambda: patch.object(target, name, wrong)


def _server(which: str, **switches: bool) -> Callable[[Stack], Any]:
    """A rule that a fake keeps, because the product keeps it in a script or a statement."""

    @contextmanager
    def install(stack: Stack) -> Undo:
        for name, value in switches.items():
            setattr(getattr(stack, which), name, value)
        yield

    return install


def _rule(module: Any, read: Any) -> Callable[[Stack], Any]:
    return _patched(_object(module, "RULE", replace(module.RULE, read=read)))


# B1
def _forgetful(*_: Any) -> None:
    """No command id is remembered."""


# B2
@contextmanager
def _commit_first(stack: Stack) -> Undo:
    """The group's offset is committed before the outcomes are produced, and believed after a takeover."""
    handle, run = Term._handle, takeover.Takeover.run
    group = stack.broker.group(MATCHES.group("engine"))

    async def handled(self: Term, records: tuple[Any, ...]) -> None:
        for record in records:
            if record.partition in self.owners:
                group.committed[record.partition] = record.offset + 1
        await handle(self, records)

    async def believed(self: Any, *arguments: Any) -> Any:
        restarts = await run(self, *arguments)
        for restart in restarts:
            committed = group.committed.get(restart.owner.partition, 0)
            restart.owner.watermark = max(restart.owner.watermark, committed - 1)
        return restarts

    with patch.object(Term, "_handle", handled), patch.object(takeover.Takeover, "run", believed):
        yield


# B3, B11
def _without_fence(cursor: log.Cursor, offset: int, mark: Any) -> Any:
    if isinstance(mark, log.OutcomeMark) and cursor.fence is not None:
        mark = mark._replace(fence=cursor.fence)
    return log.read(cursor, offset, mark)


def _without_after(cursor: log.Cursor, offset: int, mark: Any) -> Any:
    if isinstance(mark, log.OutcomeMark):
        mark = mark._replace(after=cursor.watermark)
    return log.read(cursor, offset, mark)


# B4
_outcomes = Log.outcomes


async def _same_producer(self: Log, outgoing: Any) -> None:
    """An unknown result does not end the term: the same producer sends what comes next."""
    try:
        await _outcomes(self, outgoing)
    except Unacknowledged:
        for one in outgoing:
            one.owner.landing += len(one)


# B6
async def _claim_apart(connection: Any, claims: Any, events: Any, rows: Any) -> Any:
    """The sink's progress is committed by itself, before the rows."""
    transaction = connection.transaction()
    await transaction.start()
    claimed = await connection.fetch(sql.CLAIM, *store._claims(claims))
    if len(claimed) < len(claims):
        await transaction.rollback()
        return None
    await transaction.commit()
    await transaction.start()
    written = await store._insert(connection, events, rows)
    await transaction.commit()
    return written


# B7: the simulation's line subscribes late, see `Front.serve`
@contextmanager
def _subscribe_late(stack: Stack) -> Undo:
    stack.subscribes_late = True
    with patch.object(Matches, "_poll", lambda *_: None):
        yield


# B8
_happened = judge._happened


def _in_set_order(*arguments: Any) -> Any:
    """What the engine writes comes in the order of a set of strings."""
    outcome, table = _happened(*arguments)
    public: Any = outcome["public"]
    shuffled: Any = {name: public[name] for name in set(public)}
    return {**outcome, "public": shuffled}, table


# B9
_snapshot_of = project.snapshot_of


def _raw(match: str, outcome: Any) -> Any:
    """Everybody is shown what one seat alone may see."""
    shown: Any = {**outcome, "public": {**outcome["public"], "pending": outcome["private"]}}
    return _snapshot_of(match, shown)


# B10
@contextmanager
def _reuse_the_fence(stack: Stack) -> Undo:
    """A new owner goes on under the fence that is there, instead of writing its own."""
    write, init = Log.fence, Owner.__init__
    ends: dict[int, int] = {}

    async def fence(self: Log, partition: int, worker: str, now: int) -> log.Fence:
        lines = stack.broker.logs[MATCHES.outcomes, partition]
        marks = [(line.offset, dict(line.headers)) for line in lines]
        fences = [(o, named["ce_id"]) for o, named in marks if named.get("ce_type") == b"org.playlog.log.fence.v1"]
        ends[partition] = len(lines)
        if not fences:
            found = await write(self, partition, worker, now)
            ends[partition] = found.offset + 1
            return found
        return log.Fence(fences[-1][0], fences[-1][1].decode())

    async def fold(self: Any, fold: Any) -> None:
        for partition, restored in fold.restored.items():
            lines = stack.broker.logs[MATCHES.outcomes, partition]
            for line in lines[restored.next : ends[partition]]:
                restored.feed(line.offset, line.key, line.value, line.headers)
            fold._last[partition] = (lines[-1].key, lines[-1].value)

    def owned(self: Owner, partition: int, *rest: Any) -> None:
        init(self, partition, *rest)
        self.landing = ends[partition]

    with (
        patch.object(Log, "fence", fence),
        patch.object(takeover.Takeover, "_read", fold),
        patch.object(Owner, "__init__", owned),
    ):
        yield


# quiet: a second look when it is read would refuse most of these checkpoints
def _lies_there(pointer: Any, offset: int, key: bytes | None, value: bytes | None, _: Any) -> bool:
    return bool(offset == pointer.next - 1 and checksum(key, value) == pointer.crc)


# B12, and the acknowledgement check
def _trusting(self: Owner, base_offset: int, count: int) -> None:
    """Acknowledged is taken for accepted, wherever it landed."""
    self.landing = base_offset + count


# watermark + 1
_judge = Owner._judge


def _careless(self: Owner, offset: int, *rest: Any) -> Any:
    """The owner takes whatever command comes, also above watermark + 1."""
    after, self.watermark = self.watermark, max(self.watermark, offset - 1)
    judged = _judge(self, offset, *rest)
    return None if judged is None else judged._replace(after=after)


# progress as one value
@contextmanager
def _two_values(stack: Stack) -> Undo:
    """The sink commits the next offset with the rows, and the cursor by itself a little later."""
    write = store._write

    async def apart(connection: Any, claims: Any, events: Any, rows: Any) -> Any:
        before = {claim.partition: stack.postgres.progress.get(claim.partition) for claim in claims}
        held = [claim._replace(progress=_held(claim.progress, before[claim.partition])) for claim in claims]
        written = await write(connection, held, events, rows)
        if written is not None:
            following = [claim._replace(read_from=claim.progress.next) for claim in claims]
            await write(connection, following, [], tabulate.Rows())
        return written

    with patch.object(store, "_write", apart):
        yield


def _held(progress: Any, row: Any) -> Any:
    old = store._place(row) if row is not None else tabulate.START
    return Progress(progress.next, old.cursor, old.crc)


# time kept in the fold
_init = Owner.__init__


def _timeless(self: Owner, partition: int, fence: Any, state: Any, *rest: Any) -> None:
    """A restored owner starts without the log's latest time."""
    state.at = 0
    _init(self, partition, fence, state, *rest)


BUGS: dict[str, Bug] = {
    "B1": Bug("dedupe off", _patched(_object(judge, "_remember", _forgetful))),
    "B2": Bug("group offset committed before produce, and trusted", _commit_first),
    "B3": Bug("session worker ignores the fence", _rule(project, _without_fence)),
    "B4": Bug("producer reused after an unknown result", _patched(_object(Log, "outcomes", _same_producer)), 4000),
    "B5": Bug("snapshot without compare-and-set", _server("redis", compares=False, claims=False)),
    "B6": Bug("sink offset outside the SQL transaction", _patched(_object(store, "_write", _claim_apart))),
    "B7": Bug("subscribed after the snapshot was read, the poll off", _subscribe_late),
    "B8": Bug("a set's order in the engine", _patched(_object(judge, "_happened", _in_set_order))),
    "B9": Bug("raw state in a snapshot", _patched(_object(project, "snapshot_of", _raw))),
    "B10": Bug("new owner reuses the old fence", _reuse_the_fence),
    "B11": Bug("sink ignores after", _rule(tabulate, _without_after)),
    "B12": Bug("acknowledged taken for accepted", _patched(_object(Owner, "landed", _trusting))),
    "quiet": Bug("checkpoints although something is in flight, and believed", _patched(
        lambda: patch("engine_worker.checkpoint_write.quiet", lambda *_: True),
        lambda: patch("engine_worker.folding.stands", _lies_there))),
    "chunks": Bug("a checkpoint's chunks without its id", _patched(
        lambda: patch("engine_worker.checkpoint.belongs", lambda *_: True),
        lambda: patch("engine_worker.checkpoint.intact", lambda *_: True)), 20_000),
    "watermark": Bug("an owner without watermark + 1", _patched(_object(Owner, "_judge", _careless))),
    "progress": Bug("progress as two values", _two_values, 20_000),
    "claim": Bug("a sink without the claim", _server("postgres", claims=False)),
    "time": Bug("a restored owner without the log's time", _patched(_object(Owner, "__init__", _timeless))),
    "timer": Bug("an early timer's id is remembered", _patched(_object(judge, "NOT_REMEMBERED", frozenset()))),
    "expiry": Bug("a relative expiry", _server("redis", absolute=False)),
}  # fmt: skip
