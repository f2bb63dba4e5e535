"""Every invariant the checker knows, in the order of its report; adding one is one line."""

from collections.abc import Callable

from tests.proof.case import Case
from tests.proof.invariants import again, clients, log, readers, recovery, redis, rules, secrets, sql, streams
from tests.proof.report import Finding

INVARIANTS: dict[str, Callable[[Case], Finding]] = {
    "I1": log.answered,
    "I2": log.caused,
    "I3": log.versions,
    "I4": log.order,
    "I5": readers.no_aborted_read,
    "I6": readers.no_torn_write,
    "I7": recovery.nothing_hangs,
    "I8": redis.snapshots,
    "I9": sql.rows,
    "I10": streams.frames,
    "I11": clients.read_your_writes,
    "I12": again.byte_identical,
    "I13": rules.idempotency,
    "I14": secrets.alone,
    "I15": rules.model,
    "I16": recovery.recovers,
    "J1": readers.readers_agree,
    "J2": readers.sends_are_read,
    "J3": readers.polls,
    "J4": clients.histories,
}
