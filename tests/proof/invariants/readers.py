"""I5, I6 and what Jepsen asks of a log's readers: who reads what, how far, and whether all of them agree."""

from collections import defaultdict

import orjson

from tests.proof.case import Case, key_of
from tests.proof.evidence import Place, Reading
from tests.proof.report import Finding
from tests.proof.rules import reader


def no_aborted_read(case: Case) -> Finding:
    """I5. What the reader rule skips is in no store, in no frame, and was accepted by no reader."""
    finding = Finding("I5", "no row, snapshot or frame comes from a record that does not count")
    if case.evidence.outcomes is None:
        finding.lacks("dump of outcomes")
        return finding
    skipped = {
        (one.record.partition, one.record.offset): one.why for seen in case.read.values() for one in seen.skipped
    }
    evidence = case.evidence
    shown = (evidence.readings, evidence.events, evidence.redis_matches, evidence.connections)
    if all(one is None for one in shown):
        finding.lacks("readers' logs, rows, snapshots or streams")
    for reading in evidence.readings or []:
        why = skipped.get((reading.partition, reading.offset))
        counted = reading.accepted and why is not None
        sentence = f"{reading.reader} took outcome {reading.offset} of partition {reading.partition}, but {why}"
        finding.expect(not counted, sentence, partition=reading.partition, outcome=reading.offset)
    for row in evidence.events or []:
        why = skipped.get((row.partition, row.offset))
        sentence = f"PostgreSQL has version {row.version} of {row.match} from outcome {row.offset}, but {why}"
        finding.expect(why is None, sentence, partition=row.partition, outcome=row.offset, match=row.match)
    _shown(finding, case)
    return finding


def _shown(finding: Finding, case: Case) -> None:
    """A snapshot or a frame of a version that only an ignored record has, or that says what only it says."""
    ignored: dict[tuple[str, int], list[reader.Skipped]] = defaultdict(list)
    for one in (one for seen in case.read.values() for one in seen.skipped):
        version = _version(one)
        match = key_of(one.record)
        if match is not None and version is not None and not _counted_too(case, one, match, version):
            ignored[match, version].append(one)
    for snapshot in case.evidence.redis_matches or []:
        at = snapshot.match, int(snapshot.fields.get("version", b"0"))
        public = snapshot.fields.get("public", b"")
        guilty = [one for one in ignored.get(at, []) if b'"public":' + public in (one.record.value or b"")]
        _blame(finding, guilty, f"Redis has version {at[1]} of {at[0]}")
    for connection in case.evidence.connections or []:
        for frame in connection.frames:
            at = connection.match, frame.id or 0
            guilty = ignored.get(at, []) if at not in case.by_version else []
            _blame(finding, guilty, f"connection {connection.connection} was sent version {at[1]} of {at[0]}")


def _version(one: reader.Skipped) -> int | None:
    try:
        value = orjson.loads(one.record.value or b"")
        return int(value["version"]) if value["public"] is not None else None
    except (ValueError, KeyError, TypeError):
        return None


def _counted_too(case: Case, one: reader.Skipped, match: str, version: int) -> bool:
    """A doubled batch or a new owner's repetition says the same as the record that counts."""
    counted = case.by_version.get((match, version))
    return counted is not None and counted.record.value == one.record.value


def _blame(finding: Finding, guilty: list[reader.Skipped], what: str) -> None:
    finding.checked += 1
    for one in guilty:
        place = {"partition": one.record.partition, "outcome": one.record.offset}
        finding.violate(f"{what} from outcome {one.record.offset}, but {one.why}", **place)


def no_torn_write(case: Case) -> Finding:
    """I6. What was saved as progress is a place in the log: never beyond it, at rest its end."""
    finding = Finding("I6", "one record an effect; saved progress is a place in the log, at rest its end")
    if case.evidence.outcomes is None:
        finding.lacks("dump of outcomes")
        return finding
    stores = {"Redis": case.evidence.redis_progress, "PostgreSQL": case.evidence.postgres_progress}
    for name, places in {**stores, "a checkpoint": case.evidence.checkpoints}.items():
        for place in places or []:
            _is_in_the_log(finding, case, name, place)
    for name, places in stores.items():
        if places is None:
            finding.lacks(f"progress of {name}")
        elif case.evidence.circumstances.rest:
            _at_the_end(finding, case, name, places)
    return finding


def _is_in_the_log(finding: Finding, case: Case, name: str, place: Place) -> None:
    records = case.records.get(place.partition, [])
    end = records[-1].offset + 1 if records else 0
    if place.next > end:
        sentence = f"{name} has read partition {place.partition} to {place.next}, the log ends at {end}"
        finding.expect(False, sentence, partition=place.partition, watermark=place.watermark)
        return
    found = reader.place(place.partition, records, place.next)
    for what in ("watermark", "fence_offset", "fence_id", "crc"):
        saved, told = getattr(place, what), getattr(found, what)
        if what == "crc" and saved is None:
            continue
        sentence = (
            f"{name} says {what} {saved} at offset {place.next} of partition {place.partition}, the log {told}"
        )
        finding.expect(saved == told, sentence, partition=place.partition, next=place.next)


def _at_the_end(finding: Finding, case: Case, name: str, places: list[Place]) -> None:
    standing = {place.partition: place.next for place in places}
    for partition, records in case.records.items():
        end, found = records[-1].offset + 1, standing.get(partition)
        sentence = f"{name} has read partition {partition} to {found}, the log ends at {end}"
        finding.expect(found is not None and found >= end, sentence, partition=partition)


def readers_agree(case: Case) -> Finding:
    """J1. At each offset every reader saw the same record and took, or did not take it."""
    finding = Finding("J1", "all readers agree on value and verdict at each offset")
    if case.evidence.readings is None:
        finding.lacks("readers' logs")
        return finding
    first: dict[tuple[int, int], Reading] = {}
    sums: dict[tuple[int, int], Reading] = {}
    for reading in case.evidence.readings:
        at = reading.partition, reading.offset
        other = first.setdefault(at, reading)
        both = f"{other.reader} and {reading.reader}"
        place = {
            "partition": reading.partition,
            "outcome": reading.offset,
            "readers": [other.reader, reading.reader],
        }
        sentence = f"{both} do not agree whether outcome {at[1]} of partition {at[0]} counts"
        finding.expect(other.accepted == reading.accepted, sentence, **place)
        if reading.checksum is not None:
            seen = sums.setdefault(at, reading)
            if seen.checksum != reading.checksum:
                names = f"{seen.reader} and {reading.reader}"
                finding.violate(f"{names} saw other bytes at outcome {at[1]} of partition {at[0]}", **place)
    return finding


def sends_are_read(case: Case) -> Finding:
    """J2. What the broker acknowledged lies where it said, and who read beyond it read it."""
    finding = Finding("J2", "every acknowledged send is in the log at its offset, and was read")
    if case.evidence.sends is None:
        finding.lacks("acknowledged sends")
        return finding
    logs = {"commands": case.commands, "outcomes": case.records}
    dumped = {"commands": case.evidence.commands is not None, "outcomes": case.evidence.outcomes is not None}
    by_place = {
        (topic, partition, record.offset): record
        for topic, partitions in logs.items()
        for partition, records in partitions.items()
        for record in records
    }
    for send in case.evidence.sends:
        if not dumped[send.topic]:
            continue
        record = by_place.get((send.topic, send.partition, send.offset))
        found = None if record is None else reader.header(record, "ce_id")
        place = f"{send.topic} {send.partition}/{send.offset}"
        sentence = f"{send.producer} was told that {send.id} lies at {place}, there lies {found or 'nothing'}"
        finding.expect(found == send.id, sentence, partition=send.partition, offset=send.offset, id=send.id)
    return finding


def polls(case: Case) -> Finding:
    """J3. From one seek to the next a reader sees every offset once, in order."""
    finding = Finding("J3", "polls have no gap and no inversion")
    if case.evidence.readings is None:
        finding.lacks("readers' logs")
        return finding
    last: dict[tuple[str, str, int], int] = {}
    for reading in case.evidence.readings:
        stretch = reading.reader, reading.stretch, reading.partition
        before = last.get(stretch, reading.offset - 1)
        sentence = f"{reading.reader} read {reading.offset} after {before} of partition {reading.partition}"
        place = {"partition": reading.partition, "offset": reading.offset, "stretch": reading.stretch}
        finding.expect(reading.offset == before + 1, sentence, **place)
        last[stretch] = reading.offset
    _nothing_left_out(finding, case.evidence.readings)
    return finding


def _nothing_left_out(finding: Finding, readings: list[Reading]) -> None:
    """What one worker of a service leaves behind another one of them reads: together they saw every offset."""
    seen: dict[tuple[str, int], set[int]] = defaultdict(set)
    for reading in readings:
        seen[reading.reader.rsplit("-", 1)[0], reading.partition].add(reading.offset)
    for (service, partition), offsets in seen.items():
        left = sorted(set(range(min(offsets), max(offsets))) - offsets)
        if left:
            sentence = f"no {service} worker read outcome {left[0]} of partition {partition}, though one read on"
            finding.violate(sentence, partition=partition, offsets=left[:10])
