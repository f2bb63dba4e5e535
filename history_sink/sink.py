"""Between the log and PostgreSQL: which partition stands where, and one transaction for each poll."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

from history_sink.store import AWAY, Claim, Store
from history_sink.tabulate import START, EventRow, Place, Rows, confirm, read, tabulate
from infra.clock import Clock
from infra.metrics import IGNORED_RECORDS, SINK_LAG_SECONDS


@dataclass(frozen=True, slots=True)
class Standing:
    """A partition: how far it is in the tables."""

    progress: Place
    ready: bool = True

    @property
    def next(self) -> int:
        return self.progress.next


class Waiting(NamedTuple):
    """The first record of a partition that was read and is not stored yet; `timestamp` in Unix ms."""

    offset: int
    timestamp: int


class HistorySink:
    """The projection of outcomes into PostgreSQL."""

    store = "postgres"
    away = AWAY

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._oldest: dict[int, Waiting] = {}
        SINK_LAG_SECONDS.set_function(self.lag_seconds)

    def lag_seconds(self) -> float:
        """Age of the oldest record that was read and is not in the tables."""
        oldest = min((waiting.timestamp for waiting in self._oldest.values()), default=None)
        return 0.0 if oldest is None else max(0.0, (self._clock.now_ms() - oldest) / 1000)

    async def stored(self, partitions: Collection[int]) -> Mapping[int, Standing]:
        found = await self._store.progress(partitions)
        for partition, place in found.items():
            if partition in self._oldest and self._oldest[partition].offset < place.next:
                del self._oldest[partition]  # stored by somebody else, or by us when no answer came
        return {p: Standing(place) for p, place in found.items()}

    def confirm(self, state: Standing, window: Sequence[Any]) -> bool | None:
        return confirm(state.progress, window)

    async def begin(self, partition: int, end: int) -> Standing:  # noqa: ARG002
        await self._store.begin(partition)
        self._oldest.pop(partition, None)
        return Standing(START)

    async def void(self, partition: int, state: Standing) -> None:
        await self._store.erase(partition, state.next)

    async def astray(self, held: Mapping[int, Standing | None]) -> Collection[int]:
        found = await self._store.progress(held)
        self._oldest = {p: waiting for p, waiting in self._oldest.items() if p in held}  # others were lost
        return {p for p, state in held.items() if state is None or found.get(p) != state.progress}

    async def apply(self, batches: Mapping[int, tuple[Standing, Sequence[Any]]]) -> Mapping[int, Standing]:
        """Rows and progress of all partitions of a poll in one transaction; {} when a claim was lost."""
        rows = Rows()
        claims: list[Claim] = []
        events: list[Iterator[EventRow]] = []
        ignored: Counter[str] = Counter()
        for partition, (state, records) in batches.items():
            self._oldest.setdefault(partition, Waiting(records[0].offset, records[0].timestamp))
            accepted = read(state.progress, records)
            claims.append(Claim(partition, state.next, accepted.progress))
            events.append(tabulate(rows, partition, accepted.outcomes))
            ignored += accepted.ignored
        if not await self._store.write(claims, chain.from_iterable(events), rows):
            return {}
        for reason, count in ignored.items():
            IGNORED_RECORDS.labels(reason).inc(count)
        for claim in claims:
            self._oldest.pop(claim.partition, None)
        return {claim.partition: Standing(claim.progress) for claim in claims}
