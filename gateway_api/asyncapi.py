"""Writes docs/asyncapi.json, the topics with keys, headers, words and groups: `python -m gateway_api.asyncapi`.

FastStream's generator knows neither headers nor keys nor groups, and our producers are not its own.
"""

from pathlib import Path
from typing import Any

import orjson
from pydantic import TypeAdapter

from schemas.command import CommandBody
from schemas.outcome import Outcome
from schemas.topics import MATCHES, PARTITIONS, Topic
from schemas.view import PublicView

TARGET = Path(__file__).resolve().parents[1] / "docs" / "asyncapi.json"
SCHEMAS = "#/components/schemas/{model}"
TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "string", "pattern": "^-?[0-9]+$", "description": "Decimal ASCII."}
KEY: dict[str, Any] = {"type": "string", "format": "uuid", "description": "The match's id."}
CLOUDEVENT: dict[str, Any] = {
    "ce_specversion": {"type": "string", "const": "1.0"},
    "ce_type": TEXT,
    "ce_source": TEXT,
    "ce_id": TEXT,
    "ce_time": {"type": "string", "format": "date-time"},
    "content-type": {"type": "string", "const": "application/json"},
}
TRACED: dict[str, Any] = {
    "traceparent": {"type": "string", "description": "W3C Trace Context: an outcome has its command's."}
}
OUTCOME_HEADERS: dict[str, Any] = {
    **CLOUDEVENT,
    "playlog-fence": {"type": "string", "pattern": "^[0-9]+:", "description": "The writer's fence."},
    "playlog-cause": NUMBER,
    "playlog-after": NUMBER,
    "playlog-rules": NUMBER,
}
LETTER_HEADERS: dict[str, Any] = {
    **{f"__dlq.errors.{part}": TEXT for part in ("topic", "partition", "offset", "group", "message")},
    "playlog-dlq-reason": TEXT,
    "playlog-dlq-redrive-count": NUMBER,
}
FENCE = {
    "type": "object",
    "required": ["owner"],
    "properties": {"owner": TEXT},
    "description": "From here on `owner` owns the partition; `ce_id` is the fence's random id.",
}


def document() -> bytes:
    """The AsyncAPI 3.0 document of this version, as it is committed and served."""
    return orjson.dumps(_document(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def _document() -> dict[str, Any]:
    commands, outcomes, letters = MATCHES.topics()
    schemas = _schemas()
    raw = {"description": "The record as it was, with why it is here.", "type": "string", "format": "binary"}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Playlog topics",
            "version": "1",
            "description": "Records are CloudEvents in binary content mode; the same partition number on each "
            "topic belongs together. Only outcomes that the reader rule accepts count.",
        },
        "defaultContentType": "application/json",
        "channels": {
            commands.name: _channel(commands, {"command": _message("CommandBody", CLOUDEVENT, TRACED)}),
            outcomes.name: _channel(
                outcomes,
                {
                    "outcome": _message("Outcome", OUTCOME_HEADERS, TRACED),
                    "fence": _message("Fence", CLOUDEVENT),
                },
            ),
            letters.name: _channel(letters, {"letter": {"payload": raw, "headers": _object(LETTER_HEADERS)}}),
        },
        "operations": {
            "gateway_api.send": _operation("send", commands.name),
            "engine_worker.receive": _operation("receive", commands.name, MATCHES.group("engine")),
            "engine_worker.send": _operation("send", outcomes.name),
            "engine_worker.sendDeadLetter": _operation("send", letters.name),
            "session_worker.receive": _operation("receive", outcomes.name, MATCHES.group("session")),
            "history_sink.receive": _operation("receive", outcomes.name, MATCHES.group("history")),
        },
        "components": {"schemas": schemas},
    }


def _schemas() -> dict[str, Any]:
    found: dict[str, Any] = {"Fence": FENCE}
    for model in (CommandBody, Outcome, PublicView):
        schema = TypeAdapter(model).json_schema(ref_template=SCHEMAS)
        found.update(schema.pop("$defs", {}))
        found[model.__name__] = schema
    found["Outcome"]["properties"]["public"] = {
        "anyOf": [{"$ref": SCHEMAS.format(model="PublicView")}, {"type": "null"}]
    }
    return found


def _message(schema: str, headers: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "payload": {"$ref": SCHEMAS.format(model=schema)},
        "headers": _object(headers, optional),
        "bindings": {"kafka": {"key": KEY}},
    }


def _object(headers: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"type": "object", "properties": {**headers, **(optional or {})}, "required": sorted(headers)}


def _channel(topic: Topic, messages: dict[str, Any]) -> dict[str, Any]:
    binding = {"topic": topic.name, "partitions": PARTITIONS, "x-topic-configs": topic.configs}
    return {"address": topic.name, "messages": messages, "bindings": {"kafka": binding}}


def _operation(action: str, channel: str, group: str | None = None) -> dict[str, Any]:
    binding = {"groupId": {"type": "string", "const": group}} if group else {}
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        **({"bindings": {"kafka": binding}} if group else {}),
    }


if __name__ == "__main__":
    TARGET.write_bytes(document())
