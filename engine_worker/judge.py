"""Judge one command against a partition's state, and fold the outcome into it: pure, the same at every replay."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from engine_worker.decider import Ask, Decision
from engine_worker.match import MATCH
from engine_worker.table import Table
from schemas.codec import digest
from schemas.command import Command, Read, Unreadable
from schemas.ids import match_id
from schemas.match import Create, MatchClosed
from schemas.outcome import Facts, Outcome, without_events
from schemas.rejections import Code
from schemas.word import Millis

REMEMBERED_IDS = 64  # per player and match
REMEMBERED_PLAYERS = 32  # per match; who sits at the table is never forgotten
FORGET_AFTER_MS = 24 * 3600 * 1000
# A timer's sender repeats it under the same id until it counts, and a deadline that does not stand may stand again
# (a rematch, while the broker's clock has been set back).
NOT_REMEMBERED = frozenset({Code.TOO_EARLY, Code.STALE})

_new = tuple.__new__  # a NamedTuple's own constructor costs half as much again


class Seen(NamedTuple):
    """The verdict on a command, for its repeats."""

    cause: int
    version: int
    rejection: str | None
    digest: str | None


@dataclass(slots=True)
class Entry:
    """One match that is alive or recently closed."""

    table: Table
    version: int = 0
    seen: dict[str, dict[str, Seen]] = field(default_factory=dict)  # player -> command id -> verdict


@dataclass(slots=True)
class State:
    """The fold of one partition's accepted outcomes. at: the latest effective time; closed: oldest first.

    gone: the forgotten matches, about 130 bytes each for ever. A client may repeat a create after any time, and
    its match must not come to life again.
    """

    matches: dict[str, Entry] = field(default_factory=dict)
    at: Millis = 0
    closed: deque[tuple[Millis, str]] = field(default_factory=deque)
    gone: dict[str, None] = field(default_factory=dict)


# An outcome, and the table it leads to where it carries events (so that the fold need not replay).
Judged: TypeAlias = tuple[Outcome, Table | None]


def judge(state: State, timestamp: Millis, read: Read, at_home: Callable[[str], bool]) -> Judged:
    """The outcome of a command that arrived at `timestamp` (the broker's); the state is not touched.

    `at_home` says whether a match id belongs to this partition: asked for unknown matches only.
    """
    at = timestamp if timestamp > state.at else state.at
    if isinstance(read, Unreadable):
        return _unreadable(state, at, read), None
    command_digest = digest(read.word)
    entry = state.matches.get(read.key)
    if entry is None:
        return _judge_new(state, read, at, command_digest, at_home)
    ids = entry.seen.get(read.player)
    if ids is not None and (seen := ids.get(read.id)) is not None:
        return _repeat(read, at, command_digest, entry, seen)
    return _decide(read, at, command_digest, entry)


def _unreadable(state: State, at: Millis, read: Unreadable) -> Outcome:
    entry = state.matches.get(read.key or "")
    return without_events(read.id, None, at, entry.version if entry else 0, read.code.value)


def _judge_new(
    state: State, read: Command, at: Millis, command_digest: str, at_home: Callable[[str], bool]
) -> Judged:
    entry = Entry(MATCH.initial)
    creates = isinstance(read.word, Create)
    if not at_home(read.key) or (creates and not _names_its_match(read)):
        return _rejected(read, at, command_digest, entry, Code.WRONG_KEY)
    if not creates:
        return _rejected(read, at, command_digest, entry, Code.UNKNOWN_MATCH)
    if read.key in state.gone:
        return _rejected(read, at, command_digest, entry, Code.ALREADY_EXISTS)
    return _decide(read, at, command_digest, entry)


def _names_its_match(read: Command) -> bool:
    try:
        return read.key == match_id(read.id)
    except ValueError:  # the command's id is no uuid
        return False


def _repeat(read: Command, at: Millis, command_digest: str, entry: Entry, seen: Seen) -> Judged:
    if seen.digest != command_digest:
        return _rejected(read, at, command_digest, entry, Code.KEY_REUSED, duplicate_of=seen.cause)
    cause, version, rejection, _ = seen
    return without_events(read.id, read.player, at, version, rejection, cause, command_digest), None


def _decide(read: Command, at: Millis, command_digest: str, entry: Entry) -> Judged:
    verdict = MATCH.decide(_new(Ask, (read.player, at, read.entropy, read.word)), entry.table)
    if isinstance(verdict, Decision):
        return _happened(read, at, command_digest, entry, verdict, None)
    if verdict.settled is not None:
        return _happened(read, at, command_digest, entry, verdict.settled, verdict.code.value)
    return _rejected(read, at, command_digest, entry, verdict.code)


def _happened(
    read: Command,
    at: Millis,
    command_digest: str,
    entry: Entry,
    decision: Decision[Table],
    rejection: str | None,
) -> Judged:
    events, table = decision
    version = entry.version + 1
    outcome: Outcome = {
        "command_id": read.id,
        "player": read.player,
        "at": at,
        "version": version,
        "events": events,  # type: ignore[typeddict-item]  # an Event here, one by one on the wire
        "rejection": rejection,
        "duplicate_of": None,
        "digest": command_digest,
        "public": MATCH.public(table, read.key, version),
        "private": MATCH.private(table),
        "deadline": MATCH.deadline(table),
        "follow_ups": (),
    }
    return outcome, table


def _rejected(
    read: Command, at: Millis, command_digest: str, entry: Entry, code: Code, duplicate_of: int | None = None
) -> Judged:
    return without_events(read.id, read.player, at, entry.version, code.value, duplicate_of, command_digest), None


def fold(state: State, key: str | None, cause: int, outcome: Outcome | Facts, table: Table | None = None) -> None:
    """Take one accepted outcome into the state: read back from the log, or just judged (then with its table)."""
    if outcome["at"] > state.at:
        state.at = outcome["at"]
    if state.closed:
        _forget(state)
    if key is None:
        return
    entry = state.matches.get(key)
    if outcome["events"]:
        entry = entry or state.matches.setdefault(key, Entry(MATCH.initial))
        entry.table = MATCH.replay(outcome["events"], since=entry.table) if table is None else table
        entry.version = outcome["version"]
        if isinstance(outcome["events"][-1], MatchClosed):
            state.closed.append((state.at, key))
    if entry is not None:
        _remember(entry, cause, outcome)


def _remember(entry: Entry, cause: int, outcome: Outcome | Facts) -> None:
    player, command = outcome["player"], outcome["command_id"]
    if player is None or command is None or outcome["duplicate_of"] is not None:
        return
    if outcome["rejection"] in NOT_REMEMBERED:
        return
    ids = entry.seen.get(player)
    if ids is None:
        ids = entry.seen[player] = {}
        _limit_players(entry)
    ids[command] = _new(Seen, (cause, outcome["version"], outcome["rejection"], outcome["digest"]))
    if len(ids) > REMEMBERED_IDS:
        del ids[next(iter(ids))]


def _limit_players(entry: Entry) -> None:
    """Strangers' rejected commands must not grow a match without end."""
    if len(entry.seen) > REMEMBERED_PLAYERS:
        stranger = next(player for player in entry.seen if player not in entry.table.seats)
        del entry.seen[stranger]


def _forget(state: State) -> None:
    """Eviction is part of the fold, on command time, so that every replay forgets alike."""
    while state.closed and state.closed[0][0] + FORGET_AFTER_MS <= state.at:
        _, match = state.closed.popleft()
        if state.matches.pop(match, None) is not None:
            state.gone[match] = None
