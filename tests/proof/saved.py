"""An evidence folder: one JSON-lines file for each kind of evidence, so that a verdict can be repeated later.

Bytes stand there as text: UTF-8 with every other byte as a lone surrogate (PEP 383), so they come back the same.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from tests.proof.evidence import Circumstances, Evidence

CIRCUMSTANCES = "circumstances.json"


def save(evidence: Evidence, folder: Path) -> None:
    """Write everything that is not None; files of a kind that is None are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CIRCUMSTANCES).write_text(_line(evidence.circumstances))
    for kind, _ in _kinds():
        path, items = folder / f"{kind}.ndjson", getattr(evidence, kind)
        if items is None:
            path.unlink(missing_ok=True)
            continue
        with path.open("w") as file:
            file.writelines(_line(item) for item in items)


def load(folder: Path) -> Evidence:
    """Read a folder back. Raises OSError, ValueError, KeyError or TypeError on what `save` did not write."""
    evidence = Evidence(_read(Circumstances, json.loads((folder / CIRCUMSTANCES).read_text())))
    for kind, item in _kinds():
        path = folder / f"{kind}.ndjson"
        if path.exists():
            with path.open() as file:
                setattr(evidence, kind, [_read(item, json.loads(line)) for line in file])
    return evidence


def _kinds() -> Iterator[tuple[str, Any]]:
    """The name and the class of each kind of evidence that is a list."""
    hints = get_type_hints(Evidence)
    for one in fields(Evidence):
        if one.name != "circumstances":
            listed = next(part for part in get_args(hints[one.name]) if part is not NoneType)
            yield one.name, get_args(listed)[0]


def _line(item: Any) -> str:
    return json.dumps(asdict(item), default=_text) + "\n"


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def _read(kind: Any, value: Any) -> Any:
    """A value of `kind` from its JSON."""
    if kind is bytes:
        return value.encode("utf-8", "surrogateescape")
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{name: _read(hints[name], part) for name, part in value.items()})  # type: ignore[operator]
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        wanted = next(part for part in parts if part is not NoneType)
        return None if value is None else _read(wanted, value)
    if origin is tuple:
        each = [parts[0]] * len(value) if parts[-1] is Ellipsis else parts
        return tuple(_read(part, one) for part, one in zip(each, value, strict=True))
    if origin is dict:
        return {name: _read(parts[1], part) for name, part in value.items()}
    if origin is list:
        return [_read(parts[0], part) for part in value]
    if kind is float:
        return float(value)
    return value if kind is Any or origin is Literal or isinstance(value, kind) else kind(value)
