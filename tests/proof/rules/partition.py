"""All matches of a partition of commands: which commands repeat another one, and what every outcome must say."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.proof.evidence import Record
from tests.proof.rules import ids, life, views, words

IDS = 64  # remembered per player and match
PLAYERS = 32  # remembered per match, those who sit there always
DAY = 24 * life.HOUR
NOT_REMEMBERED = ("too_early", "stale")


@dataclass(frozen=True, slots=True)
class Expected:
    """What the outcome of a command must say.

    match: None where the record has no legible key.  code: the rejection.  duplicate_of: offset of the first one.
    public, private, deadline: only where there are events.
    """

    command: str | None
    match: str | None
    player: str | None
    at: int
    version: int
    events: life.Events
    code: str | None = None
    duplicate_of: int | None = None
    public: dict[str, Any] | None = None
    private: dict[str, Any] | None = None
    deadline: int | None = None


class Partition:
    """One partition; commands come one after the other, from offset 0."""

    def __init__(self, at_home: Callable[[str], bool]) -> None:
        self.at = 0
        self.matches: dict[str, life.Match] = {}
        self.seen: dict[str, dict[str, list[Any]]] = {}  # match -> player -> [id, body, offset, version, code]
        self.closed: list[tuple[int, str]] = []
        self.gone: set[str] = set()
        self.at_home = at_home

    def judge(self, record: Record) -> Expected:
        """What the outcome of the next command must say."""
        now = max(self.at, record.timestamp)
        read = words.read(record)
        expected = self.refuse(read, now) if isinstance(read, words.Refused) else self.decide(read, now)
        self.at = now
        self.forget()
        if isinstance(read, words.Command) and expected.duplicate_of is None:
            self.remember(read, record.offset, expected)
        return expected

    def refuse(self, read: words.Refused, now: int) -> Expected:
        return Expected(read.id, read.match, None, now, self.version(read.match), [], read.code)

    def version(self, match: str | None) -> int:
        return int(self.matches[match]["version"]) if match in self.matches else 0

    def decide(self, command: words.Command, now: int) -> Expected:
        first = self.first(command)
        if first is not None:
            _, body, offset, version, code = first
            if body != command.body:
                version, code = self.version(command.match), "key_reused"
            return Expected(command.id, command.match, command.player, now, version, [], code, offset)
        if command.match in self.matches:
            match = self.matches[command.match]
            events, code = life.happen(match, command.player, command.word, now, command.entropy)
        else:
            events, code = self.create(command, now)
        if events and events[-1]["type"] == "match.closed.v1":
            self.closed.append((now, command.match))
        return self.told(command, now, events, code)

    def create(self, command: words.Command, now: int) -> tuple[life.Events, str | None]:
        if not self.at_home(command.match):
            return [], "wrong_key"
        if command.word["type"] != "match.create.v1":
            return [], "unknown_match"
        if ids.match_id(command.id) != command.match:
            return [], "wrong_key"
        if command.match in self.gone:
            return [], "already_exists"
        match, events, code = life.created(command.player, command.word, now, command.entropy)
        if match is not None:
            self.matches[command.match], self.seen[command.match] = match, {}
        return events, code

    def told(self, command: words.Command, now: int, events: life.Events, code: str | None) -> Expected:
        name = command.match
        if not events:
            return Expected(command.id, name, command.player, now, self.version(name), [], code)
        match = self.matches[name]
        match["version"] += 1
        return Expected(
            command=command.id,
            match=name,
            player=command.player,
            at=now,
            version=match["version"],
            events=events,
            code=code,
            public=views.public(name, match),
            private=views.private(match),
            deadline=match["deadline"],
        )

    def first(self, command: words.Command) -> list[Any] | None:
        """What is remembered of an earlier command with this id, by this player, to this match."""
        known = self.seen.get(command.match, {}).get(command.player, [])
        return next((entry for entry in known if entry[0] == command.id), None)

    def remember(self, command: words.Command, offset: int, expected: Expected) -> None:
        if command.match not in self.matches or expected.code in NOT_REMEMBERED:
            return
        seats, players = self.matches[command.match]["seats"], self.seen[command.match]
        known = players.setdefault(command.player, [])
        if len(players) > PLAYERS:
            del players[next(player for player in players if player not in seats)]
        known.append([command.id, command.body, offset, expected.version, expected.code])
        del known[:-IDS]

    def forget(self) -> None:
        """A match is gone 24 h after it was closed, and never comes back."""
        while self.closed and self.closed[0][0] + DAY <= self.at:
            _, name = self.closed.pop(0)
            self.matches.pop(name, None)
            self.seen.pop(name, None)
            self.gone.add(name)
