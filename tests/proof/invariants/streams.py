"""I10: a stream's ids strictly rise, each frame is the match at that version, and the last is the newest."""

import json
from typing import Any

from tests.proof.case import Case, where
from tests.proof.evidence import Connection, Frame
from tests.proof.report import Finding
from tests.proof.rules import views


def frames(case: Case) -> Finding:
    """I10. Views may skip versions, they never go back; who was still listening at rest has the newest."""
    finding = Finding("I10", "streams: ids rise, each frame is the fold at its version, the last is the newest")
    evidence = case.evidence
    if evidence.outcomes is None:
        finding.lacks("dump of outcomes")
        return finding
    if evidence.connections is None:
        finding.lacks("SSE transcripts")
    for connection in evidence.connections or []:
        _connection(finding, case, connection)
    for call in case.calls:
        end = call.end
        if end is not None and end.kind == "ok" and isinstance(end.answer, dict) and "seats" in end.answer:
            place = {"call": end.call, "match": end.answer.get("id"), "version": end.answer.get("version")}
            _view(finding, case, call.begin.player, end.answer, f"the answer to call {end.call}", place)
    return finding


def _connection(finding: Finding, case: Case, connection: Connection) -> None:
    newest = case.newest(connection.match)
    sent = connection.last_event_id or 0
    if sent > newest:
        sent = 0  # an id that nobody ever sent counts as none
    last = sent
    for frame in connection.frames:
        if frame.event != "view":
            _end(finding, case, connection, frame)
            continue
        place = {
            "connection": connection.connection,
            "match": connection.match,
            "version": frame.id,
            "at": frame.at,
        }
        sentence = f"connection {connection.connection} of {connection.match} got id {frame.id} after {last}"
        finding.expect(frame.id is not None and frame.id > last, sentence, **place)
        last = max(last, frame.id or 0)
        _frame(finding, case, connection, frame, place)
    if connection.ended != "cut" and case.evidence.circumstances.rest:
        sentence = (
            f"connection {connection.connection} of {connection.match} ended with {last}, the newest is {newest}"
        )
        finding.expect(last == newest, sentence, connection=connection.connection, match=connection.match)


def _frame(finding: Finding, case: Case, connection: Connection, frame: Frame, place: dict[str, Any]) -> None:
    what = f"the frame on connection {connection.connection}"
    try:
        shown = json.loads(frame.data)
    except ValueError:
        finding.violate(f"{what} with id {frame.id} is no JSON", **place)
        return
    if not isinstance(shown, dict) or shown.get("version") != frame.id or shown.get("id") != connection.match:
        finding.violate(f"{what} with id {frame.id} shows another match or version", **place)
        return
    _view(finding, case, connection.player, shown, what, place)


def _view(
    finding: Finding, case: Case, player: str | None, shown: dict[str, Any], what: str, place: dict[str, Any]
) -> None:
    """What a caller was shown is the fold at that version, cut for the caller."""
    outcome = case.by_version.get((str(shown.get("id")), int(shown.get("version") or 0)))
    if outcome is None:
        finding.expect(False, f"{what} shows version {shown.get('version')}, which no outcome made", **place)
        return
    wanted = views.seen_by(player, outcome.value["public"], outcome.value["private"])
    found = views.nameless(shown)
    differing = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    sentence = f"{what} differs from version {shown['version']} in {', '.join(differing)}"
    evidence = {name: [found.get(name), wanted.get(name)] for name in differing[:3]}
    finding.expect(not differing, sentence, **where(outcome, **place, found_and_log=evidence))


def _end(finding: Finding, case: Case, connection: Connection, frame: Frame) -> None:
    """The server says that nothing will come any more: only of a closed match."""
    if frame.event != "end":
        return
    outcomes = case.matches.get(connection.match)
    view = outcomes[-1].value["public"] if outcomes else None
    closed = view is not None and view["status"] == "ended" and view["deadline"] is None
    sentence = f"connection {connection.connection} was told that {connection.match} is over, it is not"
    finding.expect(closed, sentence, connection=connection.connection, match=connection.match, at=frame.at)
