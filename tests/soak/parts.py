"""Evidence of a long run cut by partition into files, so that each part can be checked alone, in little memory."""

import pickle
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from schemas.topics import PARTITIONS
from tests.faults import noting
from tests.proof.evidence import ClientEvent, Evidence, RedisResult, Send
from tests.proof.rules.ids import command_id, match_id, partition_of
from tests.soak.torrent import Batch

PARTED = (
    *("history", "connections", "redis_matches", "redis_results", "redis_progress", "redis_writes"),
    *("postgres_progress", "sentinels", "watermarks"),
)


class Parts:
    """A folder with a folder for each partition."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def part(self, partition: int) -> Path:
        path = self.folder / f"{partition:02d}"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def add(self, kind: str, items: Iterable[tuple[int, Any]]) -> None:
        """Append pieces of evidence of one kind, each with its partition."""
        sorted_out: dict[int, list[Any]] = defaultdict(list)
        for partition, item in items:
            sorted_out[partition].append(item)
        for partition, found in sorted_out.items():
            with (self.part(partition) / "parts.pickle").open("ab") as file:
                pickle.dump((kind, found), file)

    def load(self, partition: int) -> Evidence:
        """What was added, what services noted, and what senders were promised; what nobody added is empty."""
        evidence = Evidence()
        for kind in PARTED:
            setattr(evidence, kind, [])
        promised: list[Send] = []
        for kind, found in _pickled(self.part(partition) / "parts.pickle"):
            if kind == "batches":
                promised += (send for batch in found for send in sends(batch))
            else:
                getattr(evidence, kind).extend(found)
        noted, evidence.readings = noting.read(self.part(partition))
        evidence.sends = [*noted, *promised]
        return evidence

    def cut_notes(self, folder: Path) -> None:
        """Sort the lines that services wrote; the files stay."""
        for path in sorted(folder.glob("*.notes")):
            ways = [(self.part(number) / path.name).open("ab") for number in range(PARTITIONS)]
            try:
                with path.open("rb") as file:
                    for line in file:
                        if line.endswith(b"\n"):
                            ways[orjson.loads(line)["partition"]].write(line)
            finally:
                for way in ways:
                    way.close()


def _pickled(path: Path) -> Iterator[tuple[str, list[Any]]]:
    if not path.exists():
        return
    with path.open("rb") as file:
        while True:
            try:
                yield pickle.load(file)
            except EOFError:
                return


def sends(batch: Batch) -> Iterator[Send]:
    """A batch's commands one by one."""
    for number, command in enumerate(batch.commands):
        yield Send("load", "commands", batch.partition, batch.base + number, command)


def home(match: str | None) -> int:
    """The partition of a match; 0 for what belongs to none, where it will be missed or found to be too much."""
    return partition_of(match, PARTITIONS) if match else 0


def by_call(history: Sequence[ClientEvent]) -> Iterator[tuple[int, ClientEvent]]:
    """A call's beginning and end go to the partition of its match, which a create does not name yet."""
    known: dict[str, int] = {}
    for event in history:
        if event.call not in known:
            known[event.call] = home(event.match or _opened(event))
        yield known[event.call], event


def _opened(event: ClientEvent) -> str | None:
    if not (event.player and event.path and event.key):
        return None
    return match_id(command_id(event.player, event.path, event.key))


def by_result(results: Iterable[RedisResult]) -> Iterator[tuple[int, RedisResult]]:
    """A result names its match."""
    for result in results:
        yield home(_match_of(result.body)), result


def _match_of(body: bytes) -> str | None:
    try:
        match = orjson.loads(body)["match"]
    except (ValueError, KeyError, TypeError):
        return None
    return match if isinstance(match, str) else None
