"""What stands at the end of a partition of outcomes, and forgeries of it."""

import json
from typing import Any

from schemas.topics import MATCHES
from tests.faults.collect import Dump
from tests.proof.evidence import Record
from tests.proof.rules import reader

Headers = list[tuple[str, bytes]]


class Tail:
    """Reads the topic on with every question."""

    def __init__(self, servers: str) -> None:
        self._dump = Dump(servers, MATCHES.outcomes)

    async def last(self, partition: int) -> Record:
        """The last outcome that counts and carries a view. Raises IndexError where there is none."""
        seen = await self._read(partition)
        return [one.record for one in seen.accepted if one.value["public"]][-1]

    async def watermark(self, partition: int) -> int:
        """The command of the last outcome that counts."""
        return (await self._read(partition)).watermark

    async def fence(self, partition: int) -> str:
        """The name of the fence that stands."""
        return (await self._fences(partition))[-1]

    async def older_fence(self, partition: int) -> str | None:
        """The name of the fence before the one that stands."""
        names = await self._fences(partition)
        return names[-2] if len(names) > 1 else None

    async def _fences(self, partition: int) -> list[str]:
        seen = await self._read(partition)
        ids = {record.offset: reader.header(record, "ce_id") for record in self._mine(partition)}
        return [f"{offset}:{ids[offset]}" for offset in seen.fences]

    async def _read(self, partition: int) -> reader.Partition:
        await self._dump.read()
        return reader.read(self._mine(partition))

    def _mine(self, partition: int) -> list[Record]:
        return [record for record in self._dump.records if record.partition == partition]


def cause(record: Record) -> int:
    found = reader.number(record, "playlog-cause")
    assert found is not None
    return found


def renamed(record: Record, **marks: Any) -> Headers:
    """Its headers with other marks: cause, after, fence."""
    names = {f"playlog-{name}": str(value).encode() for name, value in marks.items()}
    return [(name, names.get(name, value or b"")) for name, value in record.headers]


def raised(record: Record) -> bytes:
    """Its value as if the match had gone on by one version, to another score."""
    value = json.loads(record.value or b"")
    value["version"] += 1
    value["public"]["version"] += 1
    value["public"]["score"] = [7, 7]
    return json.dumps(value, separators=(",", ":")).encode()
