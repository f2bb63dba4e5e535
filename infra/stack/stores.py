"""The three stores of one home: which are ours to run, and what the services are told about them."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from infra.stack import java as java_runtime
from infra.stack.home import Home
from infra.stack.jars import Notice, Progress, class_path, unheard
from infra.stack.kafka import Kafka, aot_path
from infra.stack.ports import Ports
from infra.stack.postgres import Postgres
from infra.stack.running import Tick, run_all, wait_until
from infra.stack.settings import StackSettings
from infra.stack.store import Store, mark_prepared, outstanding
from infra.stack.valkey import Valkey

NAMES = frozenset({"kafka", "postgres", "redis"})
PREPARE_SECONDS = 60.0
ANSWER_SECONDS = 60.0
# A store inherits nothing it does not need, secrets least of all.
BARE = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}


@dataclass(frozen=True)
class Stores:
    """None where the environment names a store of somebody else's."""

    kafka: Kafka | None
    redis: Valkey | None
    postgres: Postgres | None
    settings: StackSettings

    def ours(self) -> Mapping[str, Store]:
        """By name, the slowest to start first."""
        every: dict[str, Store | None] = {"kafka": self.kafka, "postgres": self.postgres, "redis": self.redis}
        return {name: store for name, store in every.items() if store is not None}

    def kafka_address(self) -> str:
        return self.kafka.address if self.kafka else str(self.settings.kafka)

    def redis_url(self) -> str:
        return self.redis.url if self.redis else str(self.settings.redis_url)

    def postgres_url(self) -> str:
        return self.postgres.url if self.postgres else str(self.settings.postgres_url)

    def environment(self) -> Mapping[str, str]:
        """How a service finds the stores."""
        return {
            "PLAYLOG_KAFKA": self.kafka_address(),
            "PLAYLOG_REDIS_URL": self.redis_url(),
            "PLAYLOG_POSTGRES_URL": self.postgres_url(),
        }


def build(
    settings: StackSettings,
    home: Home,
    ports: Ports,
    progress: Progress,
    durable: bool = True,
    notice: Notice = unheard,
) -> Stores:
    """Describes the stores this home runs itself; fetches Kafka's jars where they are missing."""
    return Stores(
        kafka=None if settings.kafka else _kafka(settings, home, ports, progress, notice),
        redis=None if settings.redis_url else _valkey(settings, home, ports),
        postgres=None if settings.postgres_url else _postgres(home, ports, durable),
        settings=settings,
    )


def prepare(stores: Iterable[Store], tick: Tick) -> None:
    """Formats and initialises, side by side, what has never run."""
    stores = [*stores]
    run_all([outstanding(store) for store in stores], "Data folders", tick, PREPARE_SECONDS)
    for store in stores:
        mark_prepared(store)


def wait_for(store: Store, tick: Tick) -> None:
    """Returns when the store serves clients; raises NotInTime when it does not."""
    wait_until(store.answers, store.program().name, tick, ANSWER_SECONDS)


def _kafka(settings: StackSettings, home: Home, ports: Ports, progress: Progress, notice: Notice) -> Kafka:
    java = java_runtime.find()
    jars = class_path(settings.cache, progress, notice=notice)
    return Kafka(
        folder=home.path / "kafka",
        port=ports.pick("kafka", "PLAYLOG_KAFKA_PORT"),
        controller_port=ports.pick("kafka-controller", "PLAYLOG_KAFKA_CONTROLLER_PORT"),
        log=home.log("kafka"),
        java=java,
        jars=jars,
        aot=aot_path(settings.cache, java, jars),
        environment=BARE,
    )


def _valkey(settings: StackSettings, home: Home, ports: Ports) -> Valkey:
    port = ports.pick("redis", "PLAYLOG_REDIS_PORT")
    return Valkey(home.path / "valkey", port, home.log("redis"), BARE, settings.redis_maxmemory)


def _postgres(home: Home, ports: Ports, durable: bool) -> Postgres:
    port = ports.pick("postgres", "PLAYLOG_POSTGRES_PORT")
    return Postgres(home.path / "postgres", port, home.log("postgres"), BARE, durable)
