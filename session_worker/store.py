"""Redis as the session worker uses it: progress is read, runs of outcomes are written, a partition is erased."""

from asyncio import gather
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from hashlib import sha1
from typing import Any, NamedTuple

import orjson

from infra.redis_line import Argument, Line, ServerError
from schemas import keys
from session_worker.project import Hint, Result, Snapshot
from session_worker.script import ERASE, WRITE

SCAN_COUNT = 1000
REFUSALS = ("ERR ", "WRONGTYPE ")  # all other kinds of errors tell of the server: loading, full, read-only
SHA = sha1(WRITE.encode(), usedforsecurity=False).hexdigest()


class Unwritable(ValueError):
    """Redis answers and does not take a run: what is in it cannot be written, now or later."""


class Run(NamedTuple):
    """One script call: the progress must be `expected` (b"" absent) and becomes `saved`."""

    partition: int
    expected: bytes
    saved: bytes
    snapshots: Sequence[Snapshot] = ()
    results: Sequence[Result] = ()
    hints: Sequence[Hint] = ()


class Store:
    """All of Redis that the session worker touches."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def progress(self, partitions: Collection[int]) -> Mapping[int, bytes]:
        """The saved progress of partitions as it stands; an absent one is missing."""
        if not partitions:
            return {}
        values: list[Any] = await self._line.call("MGET", *[keys.progress(p) for p in partitions])
        return {p: value for p, value in zip(partitions, values, strict=True) if value is not None}

    async def write(self, runs: Sequence[Run]) -> list[bool]:
        """Write runs in order, in one round trip; False for a run whose progress had become another one.

        Raises Unwritable, perhaps with a part written: it is written over once the run can be.
        """
        answers = await self._send(runs)
        forgotten = [i for i, answer in enumerate(answers) if _is_forgotten(answer)]
        if forgotten:
            await self._line.call("SCRIPT", "LOAD", WRITE)
            again = await self._send([runs[i] for i in forgotten])
            for i, answer in zip(forgotten, again, strict=True):
                answers[i] = answer
        for answer in answers:
            if isinstance(answer, ServerError) and str(answer).startswith(REFUSALS):
                raise Unwritable(str(answer)) from answer
            if isinstance(answer, BaseException):
                raise answer
        return [answer == 1 for answer in answers]

    async def _send(self, runs: Sequence[Run]) -> list[Any]:
        replies = [self._line.call("EVALSHA", SHA, *arguments(run)) for run in runs]
        return await gather(*replies, return_exceptions=True)

    async def erase(self, partition: int, saved: bytes, partition_of: Callable[[str], int]) -> bool:
        """Remove what stands in Redis of a partition whose log is another one now; False: somebody else did.

        The progress goes last, so that a worker that dies in between does it again; once it is another one,
        nothing more is removed.
        """
        progress = keys.progress(partition)
        for keyed in (self._matches(), self._commands()):
            async for batch in keyed:
                gone = [key for key, match in batch if partition_of(match) == partition]
                if gone and not await self._line.call("EVAL", ERASE, 1 + len(gone), progress, *gone, saved):
                    return False
        return bool(await self._line.call("EVAL", ERASE, 2, progress, progress, saved))

    async def _matches(self) -> AsyncIterator[list[tuple[bytes, str]]]:
        prefix = keys.match("")
        async for batch in self._scan(prefix):
            yield [(key, key.decode()[len(prefix) :]) for key in batch]

    async def _commands(self) -> AsyncIterator[list[tuple[bytes, str]]]:
        async for batch in self._scan(keys.command("")):
            values = await self._line.call("MGET", *batch)
            yield [(key, _match_of(value)) for key, value in zip(batch, values, strict=True) if value is not None]

    async def _scan(self, prefix: str) -> AsyncIterator[list[bytes]]:
        cursor = b"0"
        while True:
            cursor, found = await self._line.call("SCAN", cursor, "MATCH", f"{prefix}*", "COUNT", SCAN_COUNT)
            if found:
                yield found
            if cursor == b"0":
                return


def _match_of(result: bytes) -> str:
    """The match that a command's result is about; '' where it names none, or is none of ours."""
    try:
        return str(orjson.loads(result)["match"] or "")
    except (ValueError, LookupError, TypeError):
        return ""


def _is_forgotten(answer: Any) -> bool:
    """Whether Redis has lost the script: a restart, a failover, SCRIPT FLUSH."""
    return isinstance(answer, ServerError) and str(answer).startswith("NOSCRIPT")


def arguments(run: Run) -> list[Argument]:
    """Number of keys, keys and arguments, in the order that the script reads them."""
    names = [keys.progress(run.partition)]
    names += [keys.match(snapshot.match) for snapshot in run.snapshots]
    names += [keys.command(result.command) for result in run.results]
    values: list[Argument] = [run.expected, run.saved, len(run.snapshots), len(run.results)]
    for snapshot in run.snapshots:
        fields = _fields(snapshot)
        values += [snapshot.version, snapshot.expires_at, len(fields), *fields]
    for result in run.results:
        values += [result.expires_at, int(result.repeated), result.body]
    for hint in run.hints:
        values += [keys.match(hint.match), hint.body]
    return [len(names), *names, *values]


def _fields(snapshot: Snapshot) -> list[Argument]:
    fields: list[Argument] = ["version", snapshot.version, "status", snapshot.status, "public", snapshot.public]
    for seat, part in snapshot.private:
        fields += [f"private:{seat}", part]
    return fields
