"""Real stores for a test session, in a folder of their own; each can be crashed at will."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from infra.stack import settings as stack_settings
from infra.stack import stores
from infra.stack.child import Child
from infra.stack.errors import StackError
from infra.stack.home import Home
from infra.stack.kafka import Door
from infra.stack.ports import Ports
from infra.stack.running import pause
from infra.stack.store import Store


class Handle(Protocol):
    """What a test may do to a store. All of it from the main thread, since children die with their starter."""

    def start(self) -> None:
        """Starts it on its old port and data, and returns when it answers."""

    def launch(self) -> None:
        """The same without waiting."""

    def answers(self) -> bool:
        """Whether it serves clients now; never waits longer than a second."""

    def stop(self) -> None:
        """Ends it properly."""

    def kill(self) -> None:
        """Ends it as a crash would."""

    def pause(self) -> None:
        """Lets it hang: connections stay, nobody answers."""

    def resume(self) -> None:
        """Lets it go on."""


@dataclass(frozen=True)
class Trial:
    """The stack under test: three addresses, and a handle on each store."""

    kafka: Handle
    redis: Handle
    postgres: Handle
    kafka_address: str
    redis_url: str
    postgres_url: str

    @property
    def environment(self) -> Mapping[str, str]:
        """How a service process finds these stores."""
        return {
            "PLAYLOG_KAFKA": self.kafka_address,
            "PLAYLOG_REDIS_URL": self.redis_url,
            "PLAYLOG_POSTGRES_URL": self.postgres_url,
        }


class Elsewhere:
    """A store the environment names: used, never touched."""

    def start(self) -> None:
        raise StackError("This store was named by the environment; a test may not start or end it.")

    stop = launch = kill = pause = resume = start

    def answers(self) -> bool:
        return True


class Process:
    """A store that runs as a child of this process."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.child = Child(store.program())

    @property
    def pid(self) -> int:
        return self.child.pid

    def start(self) -> None:
        """Starts it on its old port and data, if it does not run, and returns when it answers."""
        self.launch()
        stores.wait_for(self.store, self._tick)

    def launch(self) -> None:
        """The same without waiting."""
        if self.child.exit_code() is not None:
            self.child = Child(self.store.program())

    def answers(self) -> bool:
        return self.child.exit_code() is None and self.store.answers()

    def stop(self) -> None:
        self.child.stop()

    def kill(self) -> None:
        self.child.kill()
        self.child.wait(10)

    def pause(self) -> None:
        self.child.pause()

    def resume(self) -> None:
        self.child.resume()

    def _tick(self) -> None:
        """A store that died just now may find the traces of its former life: it gets another try."""
        pause()
        self.launch()


@contextmanager
def trial(
    home: Path,
    environment: Mapping[str, str] | None = None,
    durable: bool = False,
    doors: Sequence[Door] = (),
    kafka_environment: Mapping[str, str] | None = None,
) -> Iterator[Trial]:
    """The stores the environment names, else own ones in `home`; ended, and their processes gone, afterwards.

    `durable=False` leaves PostgreSQL's fsync out; `doors` are Kafka's further listeners, and
    `kafka_environment` is added to its process's.
    """
    variables = {**(os.environ if environment is None else environment), "PLAYLOG_HOME": str(home)}
    settings = stack_settings.read(variables)
    place = Home(home)
    place.make()
    built = stores.build(settings, place, Ports(settings, place.run / "ports.json"), lambda *_: None, durable)
    if built.kafka is not None:
        variables = {**built.kafka.environment, **(kafka_environment or {})}
        built = replace(built, kafka=replace(built.kafka, doors=doors, environment=variables))
    ours = built.ours()
    stores.prepare(ours.values(), pause)
    handles = {name: Process(store) for name, store in ours.items()}
    try:
        for handle in handles.values():
            handle.start()
        yield Trial(
            kafka=handles.get("kafka") or Elsewhere(),
            redis=handles.get("redis") or Elsewhere(),
            postgres=handles.get("postgres") or Elsewhere(),
            kafka_address=built.kafka_address(),
            redis_url=built.redis_url(),
            postgres_url=built.postgres_url(),
        )
    finally:
        for handle in handles.values():
            handle.stop()
