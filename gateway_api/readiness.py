"""Keeps /readyz true: it is 200 only while a move can be played from end to end."""

import asyncio
import contextlib
import time
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from gateway_api.auth_proxy import AuthProxy
from gateway_api.commands_log import CommandsLog
from gateway_api.flow import Progress, group_problem, watermark_of
from gateway_api.settings import GatewaySettings
from infra.health import Health
from infra.kafka.client import admin, reader
from infra.redis_line import Line, ServerError
from infra.tasks import until
from schemas import keys
from schemas.topics import PARTITIONS, Domain

log = structlog.get_logger()
CHECKS = ("kafka", "redis", "keys", "engine", "session", "flow")
EVERY_SECONDS = 1.0
PATIENCE = 5.0


class Readiness:
    """Asks every second whoever takes part in a move. Problems of one part do not hide another's."""

    def __init__(
        self,
        settings: GatewaySettings,
        domain: Domain,
        health: Health,
        *,
        commands: CommandsLog,
        line: Line,
        proxy: AuthProxy,
    ) -> None:
        self._settings, self._domain, self._health = settings, domain, health
        self._commands, self._line, self._proxy = commands, line, proxy
        self._progress = Progress()
        self._admin: AIOKafkaAdminClient | None = None
        self._reader: AIOKafkaConsumer | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Check until `stop`."""
        try:
            while not stop.is_set():
                await asyncio.gather(self._check_kafka(), self._check_redis(), self._check_keys())
                self._health.beat()
                await until(stop, EVERY_SECONDS)
        finally:
            await self._close()

    async def _check_kafka(self) -> None:
        """The producer, both groups, and whether outcomes follow the commands."""
        self._health.set("kafka", self._commands.usable, "" if self._commands.usable else "no producer")
        try:
            async with asyncio.timeout(PATIENCE):
                await self._open()
                await self._check_groups()
                await self._check_flow()
        except (KafkaError, OSError, TimeoutError, ServerError) as error:
            for check in ("engine", "session", "flow"):
                self._health.set(check, False, f"cannot be asked: {type(error).__name__}")
            await self._close()

    async def _check_groups(self) -> None:
        topics = {"engine": self._domain.commands, "session": self._domain.outcomes}
        assert self._admin is not None
        for service, topic in topics.items():
            answers: list[Any] = await self._admin.describe_consumer_groups([self._domain.group(service)])
            problem = group_problem(answers[0].groups[0], topic, PARTITIONS)
            self._health.set(service, not problem, problem)

    async def _check_flow(self) -> None:
        assert self._reader is not None
        places = [TopicPartition(self._domain.commands, p) for p in range(PARTITIONS)]
        found: dict[Any, int] = await self._reader.end_offsets(places)
        stored = await self._line.call("MGET", *map(keys.progress, range(PARTITIONS)))
        watermarks = {p: watermark_of(raw) for p, raw in enumerate(stored) if raw}
        ends = {place.partition: end for place, end in found.items()}
        problem = self._progress.observe(watermarks, ends, time.monotonic())
        self._health.set("flow", not problem, problem)

    async def _check_redis(self) -> None:
        try:
            await self._line.call("PING")
            self._health.set("redis", True)
        except (OSError, ServerError) as error:
            self._health.set("redis", False, type(error).__name__)

    async def _check_keys(self) -> None:
        if not self._proxy.keys_loaded:
            with contextlib.suppress(Exception):  # said below, and tried again
                await self._proxy.jwks()
        self._health.set("keys", self._proxy.keys_loaded, "" if self._proxy.keys_loaded else "auth has none yet")

    async def _open(self) -> None:
        if self._admin is None:
            self._admin = admin(self._settings.kafka, self._settings.security)
            await self._admin.start()
        if self._reader is None:
            self._reader = reader(self._settings.kafka, self._settings.security)
            await self._reader.start()

    async def _close(self) -> None:
        opened, self._admin, self._reader = (self._admin, self._reader), None, None
        with contextlib.suppress(KafkaError, OSError, TimeoutError):
            async with asyncio.timeout(1.0):
                if opened[0] is not None:
                    await opened[0].close()
                if opened[1] is not None:
                    await opened[1].stop()
