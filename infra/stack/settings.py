"""What the environment says about the local stack; an absent answer means: choose by yourself."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.stack.errors import StackError
from infra.stack.health import LOOPBACK, in_url, reachable

CLONE = Path(__file__).resolve().parents[2]
GATEWAY_PORT = 8000


@dataclass(frozen=True)
class StackSettings:
    """Where the stack keeps its data, what it listens on, and which stores are somebody else's.

    `environment` is the whole environment the services inherit; `ports` holds only the ports that
    are configured, by setting name.
    """

    home: Path
    cache: Path
    environment: Mapping[str, str]
    gateway_host: str = "127.0.0.1"
    redis_maxmemory: str = "1gb"

    @property
    def kafka(self) -> str | None:
        """Bootstrap address of a Kafka that is already there."""
        return self.environment.get("PLAYLOG_KAFKA") or None

    @property
    def redis_url(self) -> str | None:
        """URL of a Redis or Valkey that is already there."""
        return self.environment.get("PLAYLOG_REDIS_URL") or None

    @property
    def postgres_url(self) -> str | None:
        """URL of a PostgreSQL that is already there."""
        return self.environment.get("PLAYLOG_POSTGRES_URL") or None

    def port(self, setting: str) -> int | None:
        """The configured port; raises StackError when it is no port number."""
        text = self.environment.get(setting)
        if not text:
            return None
        if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
            raise StackError(f"{setting} must be a port number from 1 to 65535.")
        return int(text)

    @property
    def gateway_port(self) -> int:
        """Where browsers find Playlog."""
        return self.port("PLAYLOG_GATEWAY_PORT") or GATEWAY_PORT

    @property
    def gateway_url(self) -> str:
        """The gateway's address, for a browser on this machine."""
        host = reachable(self.gateway_host)
        return f"http://{'localhost' if host == LOOPBACK else in_url(host)}:{self.gateway_port}"


def read(environment: Mapping[str, str] | None = None) -> StackSettings:
    """The settings of this process: its environment, over the clone's `.env` where there is one."""
    variables = {**dotenv(CLONE / ".env"), **(os.environ if environment is None else environment)}
    home = Path(variables.get("PLAYLOG_HOME") or CLONE / ".playlog").absolute()
    cache = Path(variables.get("PLAYLOG_CACHE") or CLONE / ".playlog" / "cache").absolute()
    return StackSettings(
        home=home,
        cache=cache,
        environment=variables,
        gateway_host=variables.get("PLAYLOG_GATEWAY_HOST") or "127.0.0.1",
        redis_maxmemory=variables.get("PLAYLOG_REDIS_MAXMEMORY") or "1gb",
    )


def dotenv(path: Path) -> dict[str, str]:
    """`KEY=value` lines; blank ones and comments are skipped, quotes around a value fall away."""
    if not path.is_file():
        return {}
    lines = [line.strip() for line in path.read_text().splitlines()]
    pairs = [line.split("=", 1) for line in lines if "=" in line and not line.startswith("#")]
    return {key.strip(): value.strip().strip("\"'") for key, value in pairs}
