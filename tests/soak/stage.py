"""Stores and services of a long run, with the product's real settings; what services do is noted."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from infra.stack.platform import platform
from infra.stack.trial import trial
from tests.faults.links import Links
from tests.faults.load import Load
from tests.faults.players import Notes
from tests.faults.run import STORES
from tests.faults.sampler import Sampler
from tests.faults.scene import Scene, launched

ENGINE = "engine_worker"
STORE_NAMES = ("kafka", "redis", "postgres")


@contextlib.contextmanager
def staged(
    folder: Path, seed: int, environment: Mapping[str, str] | None = None, bug: str = ""
) -> Iterator[Scene]:
    """Everything started and ready, with a seeded bug where one is named. Of the fault kit's own load nothing is
    sent."""
    clean = {name: value for name, value in os.environ.items() if name not in STORES} | {**(environment or {})}
    with contextlib.ExitStack() as ends:
        links = Links()
        ends.callback(links.close)
        stores = ends.enter_context(trial(folder / "stores", clean, durable=True))
        base = {**clean, **stores.environment}
        services = ends.enter_context(
            platform(folder / "services", base, alter=lambda program: launched(program, folder, bug))
        )
        load = Load(stores.kafka_address, seed)
        sampler = Sampler(stores.redis_url, load.opened)
        yield Scene(seed, 0.0, stores, services, links, load, Notes(), folder, sampler, bug=bug)
