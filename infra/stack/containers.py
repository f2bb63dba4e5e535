"""The same three stores in containers, for tests, where Docker answers and it is asked for."""

import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from infra.stack import kafka, postgres, valkey
from infra.stack.jars import KAFKA_VERSION
from infra.stack.ports import free_port
from infra.stack.running import pause, wait_until
from infra.stack.trial import Trial

KAFKA_IMAGE = f"apache/kafka:{KAFKA_VERSION}"
REDIS_IMAGE = "valkey/valkey:9.1.2"
POSTGRES_IMAGE = "postgres:18.4"
ANSWER_SECONDS = 120.0


class Container:
    """A store in a container, published on a loopback port that stays the same over restarts."""

    def __init__(self, image: str, port: int, inside: int, answers: Callable[[], bool]) -> None:
        from testcontainers.core.container import DockerContainer

        self.port = port
        self._image, self._answers = image, answers
        plain: Any = DockerContainer(image)  # its types know no host address beside a port, the engine does
        self.inner = plain
        self.inner.ports.update({f"{inside}/tcp": ("127.0.0.1", port)})

    def create(self) -> None:
        """Starts it for the first time."""
        self.inner.start()
        self._wait()

    def start(self) -> None:
        self.launch()
        self._wait()

    def launch(self) -> None:
        self._engine().start()

    def answers(self) -> bool:
        return self._answers()

    def stop(self) -> None:
        self._engine().stop()

    def kill(self) -> None:
        self._engine().kill()

    def pause(self) -> None:
        self._engine().pause()

    def resume(self) -> None:
        self._engine().unpause()

    def remove(self) -> None:
        """Ends it and deletes its data."""
        self.inner.stop()

    def _engine(self) -> Any:
        return self.inner.get_wrapped_container()

    def _wait(self) -> None:
        wait_until(self._answers, self._image, pause, ANSWER_SECONDS)


def docker_answers() -> bool:
    """Whether there is a Docker engine to talk to."""
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "info"], capture_output=True, timeout=20, check=False).returncode == 0


@contextmanager
def container_trial() -> Iterator[Trial]:
    """The three stores in containers, removed afterwards."""
    password = secrets.token_urlsafe(24)
    broker, redis, database = _kafka(), _redis(password), _postgres(password)
    with ExitStack() as ends:
        for container in (broker, redis, database):
            ends.callback(container.remove)
            container.create()
        yield Trial(
            kafka=broker,
            redis=redis,
            postgres=database,
            kafka_address=f"127.0.0.1:{broker.port}",
            redis_url=f"redis://:{password}@127.0.0.1:{redis.port}/0",
            postgres_url=f"postgresql://{postgres.USER}:{password}@127.0.0.1:{database.port}/{postgres.DATABASE}",
        )


def _kafka() -> Container:
    port = free_port()
    container = Container(KAFKA_IMAGE, port, port, partial(kafka.serves, port))
    container.inner.with_envs(**kafka_environment(port))
    return container


def kafka_environment(port: int) -> Mapping[str, str]:
    """Our server.properties as the official image reads them: KAFKA_ and capitals."""
    text = kafka.properties(port, port + 1, Path("/var/lib/kafka/data"))
    own = dict(line.split("=", 1) for line in text.splitlines())
    del own["controller.quorum.bootstrap.servers"]  # the image's own format step knows the static form only
    own["controller.quorum.voters"] = f"1@localhost:{port + 1}"
    own["listeners"] = f"PLAINTEXT://:{port},CONTROLLER://:{port + 1}"
    named = {f"KAFKA_{key.upper().replace('.', '_')}": value for key, value in own.items()}
    return {**named, "CLUSTER_ID": kafka.cluster_id()}


def _redis(password: str) -> Container:
    port = free_port()
    container = Container(REDIS_IMAGE, port, 6379, partial(valkey.serves, port, password))
    container.inner.with_command(["valkey-server", "--requirepass", password, "--save", "", "--appendonly", "no"])
    return container


def _postgres(password: str) -> Container:
    port = free_port()
    container = Container(POSTGRES_IMAGE, port, 5432, partial(postgres.serves, port))
    names = {"POSTGRES_USER": postgres.USER, "POSTGRES_DB": postgres.DATABASE}
    container.inner.with_envs(POSTGRES_PASSWORD=password, **names)
    return container
