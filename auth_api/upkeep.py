"""What auth_api does beside answering: tells its health, keeps Redis filled, sweeps old sessions away."""

import asyncio

import structlog

from auth_api.directory import Directory
from auth_api.endings import Endings
from auth_api.store import SWEEP_ROWS, Store, StoreAway
from infra.clock import Clock
from infra.health import Health
from infra.tasks import until

log = structlog.get_logger()
ROUND_SECONDS = 2.0
SWEEP_SECONDS = 600.0


class Upkeep:
    """A bounded round of checks every two seconds; PostgreSQL away is a reason in /readyz, not an end."""

    def __init__(self, store: Store, directory: Directory, endings: Endings, health: Health, clock: Clock) -> None:
        self._store, self._directory, self._endings = store, directory, endings
        self._health, self._clock = health, clock
        self._swept = clock.monotonic()
        self._was_away = False

    async def run(self, stop: asyncio.Event) -> None:
        while True:
            await self.round()
            if await until(stop, ROUND_SECONDS):
                return

    async def round(self) -> None:
        """1. is PostgreSQL there; 2. does Redis have the names and the ends of sessions; 3. old sessions."""
        self._health.beat()
        try:
            await self._store.ping()
            ends = await self._endings.fill()
            self._health.beat()
            names = await self._directory.fill(self._health.beat)
            self._health.set("redis", True, ends or names)
            await self._sweep()
        except StoreAway as error:
            self._tell(False, str(error))
        else:
            self._tell(True, "")

    def _tell(self, ok: bool, reason: str) -> None:
        self._health.set("postgres", ok, reason)
        if ok == self._was_away:
            log.warning("postgres", ok=ok, reason=reason)
        self._was_away = not ok

    async def _sweep(self) -> None:
        if self._clock.monotonic() - self._swept < SWEEP_SECONDS:
            return
        self._swept = self._clock.monotonic()
        if rows := await self._store.sweep():
            log.info("sessions_swept", rows=rows)
        if rows >= SWEEP_ROWS:  # more are left: the next round goes on
            self._swept -= SWEEP_SECONDS
