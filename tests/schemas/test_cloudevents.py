"""Every record is a CloudEvent that the standard's own library reads, and reads alike."""

import orjson
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from schemas import codec
from schemas.command import Command, decode_command, encode_command
from schemas.log import Fence
from tests.words import AT, ENTROPY, create, outcome_of

COMMAND = create()
FENCE = Fence(0, "f00d")
OUTCOME = outcome_of(command_id="c", player="ann", at=AT, version=1)
RECORDS = {
    "command": encode_command(COMMAND, AT, "/playlog/test"),
    "fence": codec.encode_fence("f00d", "engine-1", AT),
    "outcome": codec.Record(
        COMMAND.key.encode(),
        codec.encode_outcome(OUTCOME),
        codec.outcome_headers(codec.fence_name(FENCE), 3, 1, 0, AT),
    ),
}
TYPES = {
    "command": "org.playlog.match.create.v1",
    "fence": "org.playlog.log.fence.v1",
    "outcome": "org.playlog.match.outcome.v1",
}


def standard(record: codec.Record) -> CloudEvent:
    """The record through the standard's library, which refuses what is no CloudEvent."""
    headers = {name: raw for name, raw in record.headers if not name.startswith("playlog-")}
    event = from_binary(KafkaMessage(headers, record.key, record.value), JSONFormat(), CloudEvent)
    assert isinstance(event, CloudEvent)
    return event


@pytest.mark.parametrize("kind", RECORDS)
def test_a_record_is_a_cloudevent_in_binary_mode(kind: str) -> None:
    event = standard(RECORDS[kind])
    assert event.get_type() == TYPES[kind]
    assert event.get_specversion() == "1.0"
    assert event.get_datacontenttype() == "application/json"
    assert event.get_time() is not None
    assert event.get_data() == orjson.loads(RECORDS[kind].value)


def test_header_names_occur_once() -> None:
    for record in RECORDS.values():
        assert len(dict(record.headers)) == len(record.headers)


def test_a_traceparent_travels_in_its_own_header() -> None:
    traced = encode_command(COMMAND, AT, "/playlog/test", traceparent="00-1-2-01")
    assert dict(traced.headers)["traceparent"] == b"00-1-2-01"
    assert "traceparent" not in dict(RECORDS["command"].headers)


def test_a_command_in_structured_mode_by_the_standards_library_is_the_same_command() -> None:
    structured = to_structured(standard(RECORDS["command"]), JSONFormat())
    assert isinstance(structured.key, str)
    read = decode_command(structured.key.encode(), structured.value, [*structured.headers.items()])
    assert read == Command(COMMAND.id, COMMAND.key, COMMAND.player, ENTROPY, COMMAND.word)
