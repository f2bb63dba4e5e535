"""What is measured: a stack of its own in a folder that is deleted afterwards, or one that runs already."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.settings import WithKafka
from infra.stack import aot
from infra.stack import settings as stack_settings
from infra.stack.errors import StackError
from infra.stack.home import Home
from infra.stack.platform import Platform, platform
from infra.stack.trial import Process, Trial, trial

STORES = ("PLAYLOG_KAFKA", "PLAYLOG_REDIS_URL", "PLAYLOG_POSTGRES_URL")


@dataclass(frozen=True)
class Target:
    """Addresses, and every process by name. `platform` is None where somebody else runs the services."""

    url: str
    kafka: str
    postgres_url: str
    stores: Mapping[str, int]
    services: Mapping[str, int]
    platform: Platform | None = None

    @property
    def pids(self) -> Mapping[str, int]:
        return {**self.stores, **self.services}

    @property
    def settings(self) -> WithKafka:
        return WithKafka(kafka=self.kafka)

    @property
    def own(self) -> Platform:
        """The services to start and end at will."""
        if self.platform is None:
            raise StackError("This measurement needs a stack of its own: leave --home out.")
        return self.platform


def running(home: Path) -> Target:
    """The stack that runs on this home; raises StackError where none does."""
    place = Home(home.absolute())
    state = place.read_state()
    if place.owner() is None or not state.get("ready"):
        raise StackError(f"Playlog does not run on {home}: start it with `make up`, or leave --home out.")
    pids = {process["name"]: process["pid"] for process in state["processes"]}
    names = {"kafka", "postgres", "redis"}
    return Target(
        url=state["gateway"]["url"],
        kafka=state["kafka"]["address"],
        postgres_url=state["postgres"]["url"],
        stores={name: pid for name, pid in pids.items() if name in names},
        services={name: pid for name, pid in pids.items() if name not in names},
    )


def warm(say: Callable[[str], None]) -> None:
    """See to it that a broker of our own starts with what an earlier one has learned, as it does for players."""
    cache = stack_settings.read().cache
    if not aot.present(cache):
        say("recording Kafka's start, once on this machine: about half a minute")
        aot.provide(cache)


@contextmanager
def own(services: set[str] | None = None) -> Iterator[Target]:
    """Fresh stores that keep what they were told (fsync on), and these services (None: all) on them."""
    folder = Path(tempfile.mkdtemp(prefix="playlog-bench-"))
    environment = {name: value for name, value in os.environ.items() if name not in STORES}
    try:
        with (
            trial(folder, environment, durable=True) as stores,
            platform(folder, {**environment, **stores.environment}, services) as started,
        ):
            yield _described(stores, started)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _described(stores: Trial, started: Platform) -> Target:
    handles = {"kafka": stores.kafka, "postgres": stores.postgres, "redis": stores.redis}
    return Target(
        url=started.url,
        kafka=stores.kafka_address,
        postgres_url=stores.postgres_url,
        stores={name: handle.pid for name, handle in handles.items() if isinstance(handle, Process)},
        services={name: service.pid for name, service in started.services.items() if service.running},
        platform=started,
    )
