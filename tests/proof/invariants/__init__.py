"""Every invariant the checker knows, in the order of its report; adding one is one line."""

from collections.abc import Callable

from tests.proof.case import Case
from tests.proof.invariants import again, clients, log, readers, recovery, redis, rules, secrets, sql, streams
from tests.proof.report import Finding

INVARIANTS: list[Callable[[Case], Finding]] = [
    log.answered,
    log.caused,
    log.versions,
    log.order,
    readers.no_aborted_read,
    readers.no_torn_write,
    recovery.nothing_hangs,
    redis.snapshots,
    sql.rows,
    streams.frames,
    clients.read_your_writes,
    again.byte_identical,
    rules.idempotency,
    secrets.alone,
    rules.model,
    recovery.recovers,
    readers.readers_agree,
    readers.sends_are_read,
    readers.polls,
    clients.histories,
]
