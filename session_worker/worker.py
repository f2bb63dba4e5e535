"""Between the log and Redis: which partition stands where, what is written live and what is folded first."""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from secrets import token_hex
from typing import Any

import structlog

from infra.clock import Clock
from infra.metrics import COMMAND_TO_SNAPSHOT, IGNORED_RECORDS, RESTORE_SECONDS, RESTORES
from infra.redis_client import AWAY
from schemas.progress import encode_unfinished
from session_worker.project import (
    START,
    Place,
    Projected,
    confirm,
    dump,
    load,
    project,
    read_on,
)
from session_worker.rebuild import Rebuild
from session_worker.store import Run, Store

log = structlog.get_logger()
RUN_RECORDS = 500  # one script call stays short: Redis serves nobody else meanwhile


@dataclass(frozen=True, slots=True)
class Standing:
    """A partition: how far it was read, the progress as it stands in Redis, and the fold while it is rebuilt."""

    progress: Place
    saved: bytes
    rebuild: Rebuild | None = None
    since: float = 0.0

    @property
    def next(self) -> int:
        return self.progress.next

    @property
    def ready(self) -> bool:
        return self.rebuild is None


class Overtaken(Exception):
    """While a partition was rebuilt somebody else did it, or Redis was emptied again."""


Batches = Mapping[int, tuple[Standing, Sequence[Any]]]


class SessionWorker:
    """The projection of outcomes into Redis. `partition_of` tells the partition of a match."""

    store = "redis"
    away = AWAY

    def __init__(self, store: Store, clock: Clock, partition_of: Callable[[str], int]) -> None:
        self._store, self._clock, self._partition_of = store, clock, partition_of

    async def stored(self, partitions: Collection[int]) -> Mapping[int, Standing]:
        found = await self._store.progress(partitions)
        places = {p: load(raw) for p, raw in found.items()}
        return {p: Standing(place, found[p]) for p, place in places.items() if place is not None}

    def confirm(self, state: Standing, window: Sequence[Any]) -> bool | None:
        return confirm(state.progress, window)

    async def begin(self, partition: int, end: int) -> Standing:
        """Nothing is known in Redis: fold up to the log's present end first."""
        log.info("rebuild_starts", partition=partition, to_offset=end)
        rebuild = Rebuild(end, self._clock.now_ms(), encode_unfinished(token_hex(8)))
        found = (await self._store.progress([partition])).get(partition, b"")
        # A rebuild that nobody brought to its end is taken over, and so is what is no progress at all.
        held = found if load(found) is None else b""
        standing = Standing(START, held, rebuild, self._clock.monotonic())
        if end == 0:
            with contextlib.suppress(Overtaken):  # the next write notices it again
                return await self._finish(partition, standing, rebuild)
        return standing

    async def void(self, partition: int, state: Standing) -> None:
        await self._store.erase(partition, state.saved, self._partition_of)

    async def astray(self, held: Mapping[int, Standing | None]) -> Collection[int]:
        found = await self._store.progress(held)
        return {p for p, state in held.items() if state is None or found.get(p) != state.saved}

    async def apply(self, batches: Batches) -> Mapping[int, Standing]:
        """Write live partitions in one round trip; fold those that are rebuilt, and write them at their end.

        Nothing is written before all records were read: after one that cannot be, the others are handed on again.
        """
        folds = [
            (partition, state.rebuild, await self._fold(partition, state, state.rebuild, records))
            for partition, (state, records) in batches.items()
            if state.rebuild is not None
        ]
        states = await self._live({p: work for p, work in batches.items() if work[0].ready})
        for partition, rebuild, (folded, runs) in folds:
            with contextlib.suppress(Overtaken):
                await self._put(runs)
                ended = folded.next >= rebuild.end
                states[partition] = await self._finish(partition, folded, rebuild) if ended else folded
        return states

    async def _live(self, batches: Batches) -> dict[int, Standing]:
        runs: list[Run] = []
        steps: list[tuple[Standing, Projected]] = []
        for partition, (state, records) in batches.items():
            standing = state
            for part in _parts(records):
                projected = project(standing.progress, part)
                following = Standing(projected.progress, dump(projected.progress))
                runs.append(_run(partition, standing.saved, following.saved, projected))
                steps.append((following, projected))
                standing = following
        written = await self._store.write(runs) if runs else []
        states: dict[int, Standing] = {}
        for run, (state, projected), done in zip(runs, steps, written, strict=True):
            if done:
                states[run.partition] = state
                self._count(projected)
            else:
                states.pop(run.partition, None)
        return states

    async def _fold(
        self, partition: int, state: Standing, rebuild: Rebuild, records: Sequence[Any]
    ) -> tuple[Standing, list[Run]]:
        """Fold on: the state after it, and the results to write until there."""
        folded, runs = state, list[Run]()
        for part in _parts(records):
            accepted = read_on(folded.progress, part)
            _count_ignored(accepted.ignored)
            folded = replace(folded, progress=accepted.progress)
            if results := rebuild.add(accepted.outcomes):
                runs.append(Run(partition, folded.saved, rebuild.marker, results=results))
                folded = replace(folded, saved=rebuild.marker)
            await asyncio.sleep(0)  # a long fold must not starve the heartbeats
        return folded, runs

    async def _finish(self, partition: int, state: Standing, rebuild: Rebuild) -> Standing:
        """Write the snapshots, then the progress and the hints. Raises Overtaken."""
        held, now, saved = state.saved, self._clock.now_ms(), dump(state.progress)
        for snapshots in rebuild.snapshots(now):
            await self._put([Run(partition, held, rebuild.marker, snapshots)])
            held = rebuild.marker
        for hints in rebuild.hints(now):
            await self._put([Run(partition, held, saved, hints=hints)])
            held = saved
        seconds = self._clock.monotonic() - state.since
        RESTORES.inc()
        RESTORE_SECONDS.observe(seconds)
        log.info("rebuild_ends", partition=partition, to_offset=state.next, seconds=round(seconds, 3))
        return Standing(state.progress, saved)

    async def _put(self, runs: Sequence[Run]) -> None:
        """Script calls of a rebuild, in one round trip. Raises Overtaken."""
        if runs and not all(await self._store.write(runs)):
            raise Overtaken(f"partition {runs[0].partition}")

    def _count(self, projected: Projected) -> None:
        now = self._clock.now_ms()
        for at in projected.times:
            COMMAND_TO_SNAPSHOT.observe(max(0, now - at) / 1000)
        _count_ignored(projected.ignored)


def _count_ignored(ignored: Mapping[str, int]) -> None:
    for reason, count in ignored.items():
        IGNORED_RECORDS.labels(reason).inc(count)


def _parts(records: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(records), RUN_RECORDS):
        yield records[start : start + RUN_RECORDS]


def _run(partition: int, expected: bytes, saved: bytes, projected: Projected) -> Run:
    return Run(
        partition,
        expected,
        saved,
        list(projected.snapshots.values()),
        list(projected.results.values()),
        projected.hints,
    )
