"""I14: what a player can get does not depend on what the opponent has not revealed yet; a law of two runs."""

import json
from collections.abc import Iterator
from typing import Any

from tests.proof.case import Case
from tests.proof.evidence import Record
from tests.proof.report import Finding
from tests.proof.rules import words

TITLE = "hidden information: all that a player can get is equal, whatever the opponent holds"


def alone(case: Case) -> Finding:
    """I14 of one run, which shows nothing: it takes a second run, see `hidden`."""
    finding = Finding("I14", TITLE)
    finding.lacks("second run that differs in an unrevealed move alone")
    return finding


def hidden(one: Case, other: Case, player: str) -> Finding:
    """I14. The runs must differ in moves of others alone; everything that reaches `player` must then be equal."""
    finding = Finding("I14", TITLE)
    why_not = _comparable(one, other, player)
    if why_not:
        finding.lacks(why_not)
        return finding
    told, also = [*_everything(one, player)], [*_everything(other, player)]
    for first, second in zip(told, also, strict=False):
        sentence = f"{first[0]} tells {player} what the opponent holds"
        finding.expect(first == second, sentence, one=first[1], other=second[1])
    if len(told) != len(also):
        finding.violate(f"{player} gets {len(told)} answers in one run and {len(also)} in the other")
    return finding


def _comparable(one: Case, other: Case, player: str) -> str | None:
    """What is missing to compare the two runs; None where nothing is."""
    differing = 0
    for partition in one.commands.keys() | other.commands.keys():
        first, second = one.commands.get(partition, []), other.commands.get(partition, [])
        if len(first) != len(second):
            return "second run with the same commands"
        for command, twin in zip(first, second, strict=True):
            if command == twin:
                continue
            if not _same_but_for_the_move(command, twin, player):
                return f"second run that differs in moves of others alone (command {partition}/{command.offset})"
            differing += 1
    return None if differing else "difference between the two runs"


def _same_but_for_the_move(command: Record, twin: Record, player: str) -> bool:
    one, other = words.read(command), words.read(twin)
    if not isinstance(one, words.Command) or not isinstance(other, words.Command):
        return False
    same = (one.id, one.match, one.player, one.entropy) == (other.id, other.match, other.player, other.entropy)
    plain = [{name: part for name, part in read.word.items() if name != "move"} for read in (one, other)]
    return same and one.player != player and plain[0] == plain[1] and command.timestamp == twin.timestamp


def _everything(case: Case, player: str) -> Iterator[tuple[str, Any]]:
    """All that a player can get: answers, frames, and what a gateway would read for this player."""
    for call in case.calls:
        if call.begin.player == player and call.end is not None:
            end = call.end
            told = {"status": end.status, "code": end.code, "version": end.version, "answer": end.answer}
            yield f"the answer to call {end.call}", json.dumps(told, sort_keys=True)
    for connection in case.evidence.connections or []:
        if connection.player == player:
            for frame in connection.frames:
                yield f"a frame on connection {connection.connection}", (frame.event, frame.id, frame.data)
    yield from _stored(case, player)


def _stored(case: Case, player: str) -> Iterator[tuple[str, Any]]:
    for snapshot in sorted(case.evidence.redis_matches or [], key=lambda one: one.match):
        seats = json.loads(snapshot.fields.get("public", b"{}")).get("seats", [])
        mine = f"private:{seats.index(player)}" if player in seats else None
        for name, value in sorted(snapshot.fields.items()):
            if name == mine or not name.startswith("private:"):
                yield f"Redis's {name} of {snapshot.match}", value
    for row in sorted(case.evidence.matches or [], key=lambda one: one.match):
        yield f"PostgreSQL's view of {row.match}", json.dumps(row.view, sort_keys=True)
