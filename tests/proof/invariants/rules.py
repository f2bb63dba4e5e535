"""I13 and I15: repeats change nothing, and every match went as the naive rules say."""

import json
from collections import defaultdict
from typing import Any

from tests.proof.case import Call, Case, Judged, command_of, where
from tests.proof.report import Finding
from tests.proof.rules.reader import Accepted

FINAL = (200, 201)
COMPARED = ("events", "rejection", "at", "public", "private", "deadline", "player")


def idempotency(case: Case) -> Finding:
    """I13. However often a key is sent there is one outcome of it, to which the repeats refer, and one answer."""
    finding = Finding("I13", "N sends of one key: one outcome, equal answers")
    if case.evidence.commands is None or case.evidence.outcomes is None:
        finding.lacks("dump of commands and outcomes")
    else:
        for judged in case.judged:
            _repeat(finding, judged)
    if case.evidence.history is None:
        finding.lacks("client history")
    answers: dict[str, list[Call]] = defaultdict(list)
    for call in case.calls:
        command = command_of(call)
        if command is not None and call.end is not None and call.end.kind == "ok":
            answers[command].append(call)
    for command, calls in answers.items():
        if case.fresh.get(command, 1) == 1:  # a command to an unknown match is not remembered
            _equal(finding, command, calls)
    return finding


def _repeat(finding: Finding, judged: Judged) -> None:
    found, expected = judged.outcome.value["duplicate_of"], judged.expected.duplicate_of
    if found is None and expected is None:
        return
    command = judged.outcome.value["command_id"]
    if expected is None:
        sentence = f"command {judged.outcome.cause} ({command}) repeats nothing, its outcome refers to {found}"
    elif found is None:
        sentence = f"command {judged.outcome.cause} ({command}) repeats {expected}, and had an effect of its own"
    else:
        sentence = f"command {judged.outcome.cause} ({command}) repeats {expected}, its outcome refers to {found}"
    finding.expect(found == expected, sentence, **where(judged.outcome))
    reused = (judged.outcome.value["rejection"] == "key_reused") == (judged.expected.code == "key_reused")
    if found == expected and not reused:
        finding.violate(f"whether the repeat {command} has another body is told wrongly", **where(judged.outcome))


def _equal(finding: Finding, command: str, calls: list[Call]) -> None:
    """Equal for each kind of answer; a view may be a newer one than the first time."""
    told: dict[str, set[str]] = defaultdict(set)
    for _, end in calls:
        if end is None or end.code == "key_reused":
            continue
        if end.action == "status":
            if isinstance(end.answer, dict) and end.answer.get("status") != "pending":
                told["result"].add(json.dumps(end.answer, sort_keys=True))
        elif end.action == "command" and end.status == 202:
            told["202"].add(json.dumps(end.answer, sort_keys=True))
        elif end.action == "command":
            told["answer"].add(f"{end.status} {end.code}")
    for different in told.values():
        sentence = f"the answers to {command} differ: {sorted(different)}"
        finding.expect(
            len(different) == 1, sentence, command_id=command, calls=[call.begin.call for call in calls]
        )


def model(case: Case) -> Finding:
    """I15. Events, views, secrets and codes are the naive rules'; totals are conserved and the end is final."""
    finding = Finding("I15", "matches go by the rules: totals conserved, one winner, the end is final")
    if case.evidence.outcomes is None:
        finding.lacks("dump of outcomes")
        return finding
    for match, outcomes in case.matches.items():
        _conserved(finding, match, outcomes)
    if case.evidence.commands is None:
        finding.lacks("dump of commands")
        return finding
    lost: set[str | None] = set()
    for judged in case.judged:
        about = judged.expected.match
        if about not in lost and not _as_expected(finding, judged):
            lost.add(about)  # from here on the two are about different matches
    return finding


def _as_expected(finding: Finding, judged: Judged) -> bool:
    found, expected = judged.outcome.value, _value(judged)
    if found["duplicate_of"] != expected["duplicate_of"]:
        return False  # told by I13
    differing = [name for name in COMPARED if _plain(found[name]) != _plain(expected[name])]
    sentence = (
        f"command {judged.outcome.cause}: by the rules of the game {', '.join(differing)} should be different"
    )
    shown = {name: [found[name], expected[name]] for name in differing[:3]}
    finding.expect(not differing, sentence, **where(judged.outcome, found_and_expected=shown))
    return not differing


def _plain(value: Any) -> Any:
    """A view without its version, of which I3 speaks."""
    return {name: part for name, part in value.items() if name != "version"} if isinstance(value, dict) else value


def _value(judged: Judged) -> dict[str, Any]:
    expected = judged.expected
    names = ("events", "at", "public", "private", "deadline", "player", "duplicate_of")
    return {**{name: getattr(expected, name) for name in names}, "rejection": expected.code}


def _conserved(finding: Finding, match: str, outcomes: list[Accepted]) -> None:
    """From the log alone: points are rounds that somebody won, a match has one winner, nothing follows its end."""
    won, over, closed = [0, 0], False, False
    for outcome in outcomes:
        for event in outcome.value["events"]:
            kind = event["type"]
            allowed = kind in ("match.rematch-asked.v1", "match.restarted.v1", "match.closed.v1")
            if closed or (over and not allowed):
                finding.violate(f"{kind} happened to {match} after its end", **where(outcome))
            if kind == "match.restarted.v1":
                won, over = [0, 0], False
            elif kind == "match.round-ended.v1" and event["winner"] is not None:
                won[event["winner"]] += 1
            elif kind == "match.ended.v1":
                over = True
            closed = closed or kind == "match.closed.v1"
        view = outcome.value["public"]
        sentence = f"the score of {match} is {view['score']}, the rounds that were won are {won}"
        finding.expect(view["score"] == won, sentence, **where(outcome))
        _winner(finding, match, outcome, over)


def _winner(finding: Finding, match: str, outcome: Accepted, over: bool) -> None:
    view = outcome.value["public"]
    needed = view["options"]["best_of"] // 2 + 1
    ahead = [seat for seat, points in enumerate(view["score"]) if points >= needed]
    if view["ended_by"] == "score" and ahead != [view["winner"]]:
        finding.violate(f"{match} was won by seat {view['winner']}, enough points have {ahead}", **where(outcome))
    if not over and (view["winner"] is not None or ahead):
        finding.violate(f"{match} goes on although it has a winner", **where(outcome))
