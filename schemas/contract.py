"""Contracts: JSON Schema of every word on the wire, one file a version, checked in under `contracts/`.

A contract that stands in `contracts/index.json` is published: it is never changed or removed. A word that has to
change gets a new version under a new name, and a step in `upcasters.py`. `python -m schemas.contract` writes the
contracts that are missing and refuses the rest.
"""

import sys
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args

import orjson
from pydantic import TypeAdapter

from schemas import codec
from schemas.checkpoint import Pointer
from schemas.command import Command, CommandBody, encode_command
from schemas.games import CATALOGUE
from schemas.log import Fence
from schemas.match import Join, MatchCommand, MatchEvent
from schemas.outcome import Outcome
from schemas.topics import MATCHES
from schemas.view import MatchView, PublicView

FOLDER = Path(__file__).parent / "contracts"
INDEX = "index.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
STYLE = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
# The unions of words grow with every game: a record's contract says only that a tagged word stands there.
TAGGED = {
    "type": "object",
    "required": ["type"],
    "properties": {"type": {"type": "string", "pattern": r"^[a-z]+(\.[a-z-]+)+\.v[0-9]+$"}},
}
CONSTANT = frozenset({"ce_specversion", "content-type"})
Contract = dict[str, Any]


class Broken(Exception):
    """A published contract would change, or is gone."""


def words() -> Iterator[tuple[str, Contract]]:
    """Commands, events and moves, each under its wire name."""
    for union in (MatchCommand, MatchEvent):
        for member in get_args(get_args(union)[0]):
            yield member.__dataclass_fields__["type"].default, TypeAdapter(member).json_schema()
    for game in CATALOGUE.values():
        yield f"{game.name}.move.v1", game.move_schema()


def records() -> Iterator[tuple[str, Contract]]:
    """What stands around the words: values, headers, views, topics."""
    yield "command.v1", _open(TypeAdapter(CommandBody).json_schema(), {"word": TAGGED})
    yield (
        "outcome.v1",
        _open(TypeAdapter(Outcome).json_schema(), {"events": {"type": "array", "items": TAGGED}}),
    )
    yield "public-view.v1", TypeAdapter(PublicView).json_schema()
    yield "view.v1", TypeAdapter(MatchView).json_schema()
    yield "envelope.v1", envelope()
    yield "topics.v1", {"const": [vars(topic) for topic in MATCHES.topics()]}
    yield "checkpoint-topics.v1", {"const": [vars(topic) for topic in MATCHES.checkpoint_topics()]}
    yield "checkpoint-pointer.v1", TypeAdapter(Pointer).json_schema()


def envelope() -> Contract:
    """Headers of the three kinds of record: CloudEvents in binary mode, numbers in decimal ASCII."""
    command = encode_command(Command("0", "0", "0", "0", Join()), 0, "/playlog/gateway")
    outcome = codec.outcome_headers(codec.fence_name(Fence(0, "0")), 0, 0, -1, 0)
    return {
        "command": _headers(command.headers, {"pattern": r"^org\.playlog\."}, optional=("traceparent",)),
        "fence": _headers(codec.encode_fence("0", "0", 0).headers, {"const": codec.FENCE_TYPE.decode()}),
        "outcome": _headers(outcome, {"const": codec.OUTCOME_TYPE.decode()}),
    }


def _headers(sample: codec.Headers, kind: Contract, optional: tuple[str, ...] = ()) -> Contract:
    """The headers that a record of this kind always has, by a sample, and those that it may have."""
    text: Contract = {"type": "string"}
    properties = {name: {"const": raw.decode()} if name in CONSTANT else text for name, raw in sample}
    properties |= {"ce_type": {**text, **kind}, **dict.fromkeys(optional, text)}
    return {"type": "object", "properties": properties, "required": sorted(name for name, _ in sample)}


def _open(schema: Contract, fields: Contract) -> Contract:
    """The same contract with these fields in place of what would grow; definitions nobody names are dropped."""
    opened = {**schema, "properties": {**schema["properties"], **fields}}
    kept: Contract = {}
    while missing := _named(opened | {"$defs": kept}) - set(kept):
        kept |= {name: schema["$defs"][name] for name in sorted(missing)}
    return {**opened, "$defs": kept} if kept else {k: v for k, v in opened.items() if k != "$defs"}


def _named(node: Any) -> set[str]:
    """The definitions that a schema refers to."""
    if isinstance(node, list):
        return set().union(*map(_named, node))
    if not isinstance(node, dict):
        return set()
    own = {node["$ref"].removeprefix("#/$defs/")} if isinstance(node.get("$ref"), str) else set()
    return own.union(*map(_named, node.values()))


def _bare(schema: Any) -> Any:
    """The schema without titles and descriptions, which may be worded better without a new version."""
    if isinstance(schema, list):
        return [_bare(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: {own: _bare(value) for own, value in part.items()}
        if name in ("properties", "$defs")
        else _bare(part)
        for name, part in schema.items()
        if name not in ("title", "description")
    }


def contracts() -> dict[str, bytes]:
    """Every contract of this version: file name -> content."""
    return {
        f"{name}.json": orjson.dumps({"$schema": DIALECT, "$id": name, **_bare(schema)}, option=STYLE)
        for name, schema in (*words(), *records())
    }


def published(folder: Path = FOLDER) -> dict[str, str]:
    """The contracts that stand for ever: file name -> SHA-256."""
    index = folder / INDEX
    return dict(orjson.loads(index.read_bytes())) if index.exists() else {}


def broken(folder: Path = FOLDER, current: Mapping[str, bytes] | None = None) -> list[str]:
    """What breaks the promise, in words: a published contract that changed, is gone or was edited."""
    current = contracts() if current is None else current
    problems = []
    for name, digest in published(folder).items():
        path = folder / name
        if not path.exists():
            problems.append(f"{name} is published and gone")
        elif sha256(path.read_bytes()).hexdigest() != digest:
            problems.append(f"{name} is published and was edited")
        elif name in current and current[name] != path.read_bytes():
            problems.append(f"{name} is published, and the word differs: give it a new version")
    return problems


def write(folder: Path = FOLDER, current: Mapping[str, bytes] | None = None) -> list[str]:
    """Publish the contracts that are missing; returns their names. Raises Broken and then writes nothing."""
    current = contracts() if current is None else current
    if problems := broken(folder, current):
        raise Broken("\n".join(problems))
    index = published(folder)
    new = [name for name in current if name not in index]
    folder.mkdir(exist_ok=True)
    for name in new:
        (folder / name).write_bytes(current[name])
        index[name] = sha256(current[name]).hexdigest()
    (folder / INDEX).write_bytes(orjson.dumps(index, option=STYLE))
    return new


def main() -> int:
    """`python -m schemas.contract`."""
    try:
        new = write()
    except Broken as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("".join(f"published {name}\n" for name in new) or "nothing new\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
