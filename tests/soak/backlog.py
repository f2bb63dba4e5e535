"""How far the stores are behind the commands: what they say of their own progress, asked a few times a second."""

import asyncio
import json
import time
from dataclasses import dataclass, field

import asyncpg
import redis.asyncio as redis

from schemas import keys, tables
from schemas.topics import PARTITIONS
from tests.faults.rest import AWAY
from tests.faults.scene import Scene

EVERY_SECONDS = 0.25
PATIENCE_SECONDS = 2.0
FRESH_SECONDS = 5.0  # older news say nothing


@dataclass
class Backlog:
    """Watermarks by partition, as Redis and PostgreSQL last told; `taken` is the highest of all, in commands."""

    scene: Scene
    taken: list[int] = field(default_factory=lambda: [0] * PARTITIONS)
    told: dict[str, tuple[float, int]] = field(default_factory=dict)  # store: when, and how many commands

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`."""
        await asyncio.gather(self._watch("redis", stop), self._watch("postgres", stop))

    async def _watch(self, store: str, stop: asyncio.Event) -> None:
        ask = self._ask_redis if store == "redis" else self._ask_postgres
        while not stop.is_set():
            try:
                await ask(stop)
            except AWAY:
                await asyncio.sleep(EVERY_SECONDS)

    async def _ask_redis(self, stop: asyncio.Event) -> None:
        client = redis.from_url(self.scene.stores.redis_url, socket_timeout=PATIENCE_SECONDS)
        names = [keys.progress(number) for number in range(PARTITIONS)]
        try:
            while not stop.is_set():
                values = await client.mget(names)
                found = {number: json.loads(raw)["watermark"] for number, raw in enumerate(values) if raw}
                self._take("redis", found)
                await asyncio.sleep(EVERY_SECONDS)
        finally:
            await client.aclose()

    async def _ask_postgres(self, stop: asyncio.Event) -> None:
        connection = await asyncpg.connect(self.scene.stores.postgres_url, timeout=PATIENCE_SECONDS)
        try:
            while not stop.is_set():
                rows = await connection.fetch(
                    f"SELECT partition, watermark FROM {tables.PROGRESS}", timeout=PATIENCE_SECONDS
                )
                self._take("postgres", {row["partition"]: row["watermark"] for row in rows})
                await asyncio.sleep(EVERY_SECONDS)
        finally:
            connection.terminate()

    def _take(self, store: str, watermarks: dict[int, int]) -> None:
        for partition, watermark in watermarks.items():
            self.taken[partition] = max(self.taken[partition], watermark + 1)
        self.told[store] = time.monotonic(), sum(watermark + 1 for watermark in watermarks.values())

    def waiting(self, heads: list[int]) -> int | None:
        """Commands in the log that no store has seen an outcome of; None where no store has told of late."""
        now = time.monotonic()
        if not any(now - at < FRESH_SECONDS for at, _ in self.told.values()):
            return None
        return sum(max(0, head - taken) for head, taken in zip(heads, self.taken, strict=True))

    def behind(self) -> int:
        """What PostgreSQL has still to take in of what the other one has seen."""
        return max(0, sum(self.taken) - self.told.get("postgres", (0.0, sum(self.taken)))[1])
