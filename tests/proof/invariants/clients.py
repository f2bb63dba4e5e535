"""I11, and whether the clients' histories are histories at all."""

from collections import defaultdict

from tests.proof.case import Call, Case
from tests.proof.report import Finding


def read_your_writes(case: Case) -> Finding:
    """I11. Who has seen a version of a match is never again shown an older one."""
    finding = Finding("I11", "once its author saw an outcome, reads return that version or a newer one")
    if case.evidence.history is None:
        finding.lacks("client history")
        return finding
    known = _known(case)
    for call in case.calls:
        begin, end = call
        if (
            begin.action != "view"
            or end is None
            or end.kind != "ok"
            or end.version is None
            or begin.player is None
        ):
            continue
        seen = [one for one in known[begin.player, begin.match or ""] if one[0] <= begin.at]
        if not seen:
            continue
        _, version, how = max(seen, key=lambda one: one[1])
        sentence = (
            f"{begin.player} knew version {version} of {begin.match} from {how}, and then read {end.version}"
        )
        finding.expect(end.version >= version, sentence, call=end.call, match=begin.match, at=begin.at)
    return finding


def _known(case: Case) -> dict[tuple[str, str], list[tuple[float, int, str]]]:
    """By player and match: when which version was seen, and how."""
    known: dict[tuple[str, str], list[tuple[float, int, str]]] = defaultdict(list)
    for call in case.calls:
        if _tells_a_version(call) and call.end is not None:
            at = call.begin.player or "", call.begin.match or ""
            known[at].append((call.end.at, call.end.version or 0, f"call {call.end.call}"))
    for connection in case.evidence.connections or []:
        for frame in connection.frames:
            if frame.id is not None and connection.player is not None:
                at = connection.player, connection.match
                known[at].append((frame.at, frame.id, f"connection {connection.connection}"))
    return known


def _tells_a_version(call: Call) -> bool:
    return call.end is not None and call.end.kind == "ok" and call.end.version is not None


def histories(case: Case) -> Finding:
    """J4. A call begins once and ends at most once, afterwards; a client's time does not run back."""
    finding = Finding("J4", "client histories are well-formed")
    if case.evidence.history is None:
        finding.lacks("client history")
        return finding
    open_calls: set[str] = set()
    begun: set[str] = set()
    times: dict[str, float] = {}
    for event in case.evidence.history:
        fresh = event.kind == "invoke" and event.call not in begun
        ends = event.kind != "invoke" and event.call in open_calls
        sentence = f"call {event.call} of {event.client} has an {event.kind} out of turn"
        finding.expect(fresh or ends, sentence, call=event.call, client=event.client, at=event.at)
        begun.add(event.call)
        open_calls.add(event.call) if fresh else open_calls.discard(event.call)
        if event.at < times.get(event.client, event.at):
            finding.violate(f"the time of client {event.client} ran back", call=event.call, at=event.at)
        times[event.client] = event.at
    return finding
