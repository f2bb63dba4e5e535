"""What a run of outcome records means for Redis: snapshots, command results, hints and progress; pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import orjson

from infra.kafka.progress import Accepted, Progress, Record, Rule, accept
from infra.kafka.progress import confirm as confirm_log
from schemas import keys, log
from schemas.codec import cause_of, checksum, decode_outcome, mark
from schemas.outcome import OutcomeDocument
from schemas.progress import encode_saved, read_saved
from schemas.rejections import Code

RULE = Rule(start=log.START, mark=mark, read=log.read, checksum=checksum)
Place: TypeAlias = Progress[log.Cursor]
MOST_HINTED = 16 * 1024  # bytes of a public part that every gateway on the match gets, wanted or not
START: Place = Progress(next=0, cursor=log.START, crc=0)


class Snapshot(NamedTuple):
    """All that Redis holds of a match at one version; `private` by seat, `expires_at` in Unix ms."""

    match: str
    version: int
    status: str
    public: bytes
    private: tuple[tuple[str, bytes], ...]
    expires_at: int


class Result(NamedTuple):
    """What became of a command, as JSON. `repeated`: only if nothing is known of its first outcome."""

    command: str
    body: bytes
    expires_at: int
    repeated: bool


class Hint(NamedTuple):
    """Wakes those who wait for a match, with the outcome that it is about.

    `public` is the snapshot's public part, so that nobody has to read what all may see, and `seats` those that
    have a private part; empty where nothing changed, and in rebuilds, whose hints may be older than the snapshots.
    """

    match: str
    verdict: bytes
    at: int
    public: bytes = b""
    seats: tuple[str, ...] = ()

    @property
    def body(self) -> bytes:
        """As it is published, JSON."""
        if not 0 < len(self.public) <= MOST_HINTED:
            return self.verdict
        return b'%b,"seats":[%b],"public":%b}' % (self.verdict[:-1], ",".join(self.seats).encode(), self.public)


class Projected(NamedTuple):
    """Everything to write for a run of records; `progress` goes with it as one value."""

    progress: Place
    snapshots: Mapping[str, Snapshot]
    results: Mapping[str, Result]
    hints: list[Hint]
    times: list[int]  # of each outcome's command, Unix ms
    ignored: Counter[str]


def read_on(progress: Place, records: Iterable[Record]) -> Accepted[log.Cursor]:
    """Which of the records from `progress` on count, by the rule that all readers share."""
    return accept(RULE, progress, records)


def project(progress: Place, records: Iterable[Record]) -> Projected:
    """Read records on from `progress`; only a match's newest snapshot is kept, every outcome's hint is."""
    accepted = read_on(progress, records)
    snapshots: dict[str, Snapshot] = {}
    results: dict[str, Result] = {}
    hints: list[Hint] = []
    times: list[int] = []
    for record in accepted.outcomes:
        if record.value is None:
            continue
        outcome = decode_outcome(record.value)
        match = match_of(record.key)
        times.append(outcome["at"])
        shown = None
        if match is not None and outcome["public"] is not None:
            shown = snapshots[match] = snapshot_of(match, outcome)
        if has_result(outcome):
            keep(results, result_of(record, match, outcome))
        if match is not None and has_hint(outcome):
            hints.append(hint_of(match, outcome, shown))
    return Projected(accepted.progress, snapshots, results, hints, times, accepted.ignored)


def has_result(outcome: OutcomeDocument) -> bool:
    """Whether anybody may ask for it; the id of a reused key names the first command's result."""
    return outcome["command_id"] is not None and outcome["rejection"] != Code.KEY_REUSED


def has_hint(outcome: OutcomeDocument) -> bool:
    """Whether anybody may wait for it."""
    return outcome["command_id"] is not None


def keep(results: dict[str, Result], new: Result) -> None:
    """Add a result as Redis would: a repeated one only where no earlier one is alive."""
    old = results.get(new.command)
    if old is None or not new.repeated or old.expires_at <= new.expires_at - keys.COMMAND_TTL_MS:
        results[new.command] = new


def match_of(key: bytes | None) -> str | None:
    """The match that a record is about; None for a key that no match can have."""
    text = (key or b"").decode("ascii", "replace")
    return text if text and len(text) <= 64 and text.isascii() and text.isprintable() else None


def snapshot_of(match: str, outcome: OutcomeDocument) -> Snapshot:
    """The match after an outcome that shows it."""
    public: dict[str, Any] = outcome["public"] or {}
    private = outcome["private"] or {}
    return Snapshot(
        match=match,
        version=outcome["version"],
        status=public["status"],
        public=orjson.dumps(public),
        private=tuple((seat, orjson.dumps(part)) for seat, part in private.items()),
        expires_at=max(outcome["at"] + keys.MATCH_TTL_MS, (outcome["deadline"] or 0) + keys.DEADLINE_GRACE_MS),
    )


def _verdict(outcome: OutcomeDocument) -> dict[str, Any]:
    code = outcome["rejection"]
    status = "accepted" if code is None else "rejected"
    return {"status": status, "version": outcome["version"], "code": code, "digest": outcome["digest"]}


def result_of(record: Record, match: str | None, outcome: OutcomeDocument) -> Result:
    """What became of the outcome's command."""
    first = outcome["duplicate_of"]
    cause = cause_of(record.headers) if first is None else first
    body = {**_verdict(outcome), "match": match, "cause": cause}
    return Result(
        command=outcome["command_id"] or "",
        body=orjson.dumps(body),
        expires_at=outcome["at"] + keys.COMMAND_TTL_MS,
        repeated=first is not None,
    )


def hint_of(match: str, outcome: OutcomeDocument, shown: Snapshot | None) -> Hint:
    """What wakes those who wait; `shown` where the match changed and its view goes along."""
    verdict = orjson.dumps({**_verdict(outcome), "command": outcome["command_id"]})
    if shown is None:
        return Hint(match, verdict, outcome["at"])
    return Hint(match, verdict, outcome["at"], shown.public, tuple(seat for seat, _ in shown.private))


def dump(progress: Place) -> bytes:
    """Progress as it stands in Redis."""
    return encode_saved(*progress)


def load(raw: bytes) -> Place | None:
    """Progress from Redis; None for anything else, such as a rebuild that somebody is in the middle of writing."""
    saved = read_saved(raw)
    return None if saved is None or saved.rebuild is not None else Progress(saved.next, saved.cursor, saved.crc)


def confirm(progress: Place, window: Sequence[Any]) -> bool | None:
    """Whether the log before `progress.next` is the one that was read; None: more of it must be seen."""
    return confirm_log(RULE, progress, window)
