"""I1 to I4: commands and outcomes belong together, one to one, in one order, with versions that rise by one."""

from collections import defaultdict

from tests.proof.case import Call, Case, command_of, where
from tests.proof.evidence import Record
from tests.proof.report import Finding
from tests.proof.rules import reader
from tests.proof.rules.reader import Accepted


def answered(case: Case) -> Finding:
    """I1. A command that was taken has one outcome; one that surely was not has none; else one or none."""
    finding = Finding("I1", "every command that was taken has exactly one outcome")
    if case.evidence.history is None or case.evidence.outcomes is None:
        finding.lacks("client history" if case.evidence.history is None else "dump of outcomes")
        return finding
    calls: dict[str, list[Call]] = defaultdict(list)
    for call in case.calls:
        command = command_of(call)
        if call.begin.action == "command" and command is not None:
            calls[command].append(call)
    placed = _placed(case)
    for command, made in calls.items():
        _count(finding, case, command, made, placed.get(command, []), case.fresh.get(command, 1))
        for call in made:
            _told(finding, case, command, call)
    return finding


def _placed(case: Case) -> dict[str, list[Record]]:
    """Where each command id lies in the log."""
    found: dict[str, list[Record]] = defaultdict(list)
    for partition, records in case.commands.items():
        for record in records:
            command = case.said[partition, record.offset].id
            if command is not None:
                found[command].append(record)
    return found


def _count(finding: Finding, case: Case, command: str, calls: list[Call], placed: list[Record], most: int) -> None:
    kinds = {"info" if call.end is None else call.end.kind for call in calls}
    first = [one for one in case.by_command.get(command, []) if one.value["duplicate_of"] is None]
    offsets = [one.record.offset for one in first]
    sent = [(record.partition, record.offset) for record in placed]
    evidence = {"command_id": command, "answers": sorted(kinds), "commands": sent, "outcomes": offsets}
    finding.expect(
        len(first) <= max(1, most), f"command {command} has {len(first)} outcomes of its own", **evidence
    )
    if kinds == {"fail"} and (placed or first):
        finding.violate(f"command {command} was refused for sure, and is in the log all the same", **evidence)
    if "ok" not in kinds or first:
        return
    if case.evidence.commands is not None and not placed:
        finding.violate(f"command {command} was taken, and is not in the log", **evidence)
    elif case.evidence.circumstances.rest or _passed(case, placed):
        finding.violate(f"command {command} was taken, and has no outcome", **evidence)


def _passed(case: Case, placed: list[Record]) -> bool:
    """Whether the log has gone on behind a command."""
    return any(
        record.partition in case.read and case.read[record.partition].watermark > record.offset
        for record in placed
    )


def _told(finding: Finding, case: Case, command: str, call: Call) -> None:
    """What an answer says of a command is what one of its outcomes says."""
    end = call.end
    outcomes = case.by_command.get(command, [])
    if end is None or end.kind != "ok" or end.status in (None, 202) or end.code == "key_reused" or not outcomes:
        return
    codes = [outcome.value["rejection"] for outcome in outcomes]
    sentence = f"the answer to {command} says {end.code or 'accepted'}, its outcomes say {codes}"
    finding.expect(end.code in codes, sentence, call=end.call, status=end.status, command_id=command)


def caused(case: Case) -> Finding:
    """I2. An outcome that counts belongs to the command at its cause: id and key are that command's."""
    finding = Finding("I2", "no outcome without its command")
    if case.evidence.commands is None or case.evidence.outcomes is None:
        finding.lacks("dump of commands and outcomes")
        return finding
    for partition, seen in case.read.items():
        commands = {record.offset: record for record in case.commands.get(partition, [])}
        for outcome in seen.accepted:
            said = case.said.get((partition, outcome.cause))
            _cause(finding, outcome, commands.get(outcome.cause), None if said is None else said.id)
    return finding


def _cause(finding: Finding, outcome: Accepted, command: Record | None, sent: str | None) -> None:
    told = outcome.value["command_id"]
    if command is None:
        sentence = f"the outcome answers command {outcome.cause}, which the log does not have"
        finding.expect(False, sentence, **where(outcome))
        return
    sentence = f"the outcome speaks of {told}, command {outcome.cause} is {sent}"
    finding.expect(told == sent, sentence, **where(outcome))
    if command.key != outcome.record.key:
        finding.violate(f"the outcome of {sent} has another key than its command", **where(outcome))


def versions(case: Case) -> Finding:
    """I3. A match's versions count 1, 2, 3, ...; behind a fence one writer writes."""
    finding = Finding("I3", "versions rise by one from 1, and one writer writes behind a fence")
    if case.evidence.outcomes is None:
        finding.lacks("dump of outcomes")
        return finding
    for match, outcomes in case.matches.items():
        for version, outcome in enumerate(outcomes, start=1):
            found = outcome.value["version"]
            finding.expect(
                found == version, f"match {match} has version {found} where {version} comes", **where(outcome)
            )
            if found != version:
                break
            _no_other(finding, outcome, version)
    for partition, records in case.records.items():
        _one_writer(finding, case, partition, records)
    return finding


def _no_other(finding: Finding, outcome: Accepted, version: int) -> None:
    shown = (outcome.value["public"] or {}).get("version")
    if shown != version:
        finding.violate(f"the outcome has version {version}, its view says {shown}", **where(outcome))


def _one_writer(finding: Finding, case: Case, partition: int, records: list[Record]) -> None:
    """Under one fence no command is answered in two ways, and no two producers were acknowledged."""
    answers: dict[tuple[str, int], Record] = {}
    producers: dict[str, str] = {}
    senders = {
        (send.partition, send.offset): send.producer
        for send in case.evidence.sends or []
        if send.topic == "outcomes"
    }
    for record in records:
        fence, cause = reader.header(record, "playlog-fence"), reader.number(record, "playlog-cause")
        if fence is None or cause is None:
            continue
        first = answers.setdefault((fence, cause), record)
        evidence = {
            "partition": partition,
            "fence": fence,
            "command": cause,
            "outcomes": [first.offset, record.offset],
        }
        same = (first.key, first.value) == (record.key, record.value)
        finding.expect(
            same, f"two writers behind fence {fence}: command {cause} is answered in two ways", **evidence
        )
        sender = senders.get((partition, record.offset))
        if sender is not None and producers.setdefault(fence, sender) != sender:
            both = f"{producers[fence]} and {sender}"
            finding.violate(
                f"two writers behind fence {fence}: {both}", partition=partition, outcome=record.offset
            )


def order(case: Case) -> Finding:
    """I4. Outcomes that count come in the commands' order and leave none out."""
    finding = Finding("I4", "outcomes come in the order of their commands, each command once")
    if case.evidence.commands is None or case.evidence.outcomes is None:
        finding.lacks("dump of commands and outcomes")
        return finding
    for partition, commands in case.commands.items():
        offsets = [record.offset for record in commands]
        whole = offsets == list(range(len(commands)))
        finding.expect(whole, f"the dump of commands of partition {partition} has holes", partition=partition)
        _in_turn(finding, case, partition, len(commands))
    return finding


def _in_turn(finding: Finding, case: Case, partition: int, commands: int) -> None:
    accepted = case.read[partition].accepted if partition in case.read else []
    following = 0
    for outcome in accepted:
        sentence = (
            f"command {following} of partition {partition} has no outcome, the log goes on with {outcome.cause}"
        )
        finding.expect(outcome.cause == following, sentence, **where(outcome))
        following = outcome.cause + 1
    if case.evidence.circumstances.rest and following < commands:
        left = commands - following
        finding.violate(
            f"{left} commands of partition {partition} wait for ever, from {following}", partition=partition
        )
