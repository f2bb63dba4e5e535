"""Loopback ports below the ephemeral range: configured ones are checked, others chosen and remembered."""

import json
import random
import socket
from dataclasses import dataclass, field
from pathlib import Path

from infra.stack.errors import StackError
from infra.stack.files import write_private
from infra.stack.settings import StackSettings

# 32768-60999 is Linux's ephemeral range: any client socket may take a port there before a server does.
CHOICE = range(15_000, 32_000)
ATTEMPTS = 200


@dataclass
class Ports:
    """The ports of one home; they stay the same over restarts as long as they are free."""

    settings: StackSettings
    path: Path
    taken: dict[str, int] = field(default_factory=dict)

    def pick(self, name: str, setting: str, default: int | None = None) -> int:
        """A port for `name`; raises StackError, naming `setting`, when a configured one is in use."""
        configured = self.settings.port(setting) or default
        if configured:
            refuse_taken(configured, setting, self.settings.gateway_host if default else "127.0.0.1")
        self.taken[name] = configured or self._remembered(name) or self._choose()
        write_private(self.path, json.dumps({**self._known(), **self.taken}, indent=1))
        return self.taken[name]

    def _known(self) -> dict[str, int]:
        try:
            return dict(json.loads(self.path.read_text()))
        except (OSError, ValueError):
            return {}  # nothing remembered: choose again

    def _remembered(self, name: str) -> int | None:
        port = self._known().get(name)
        return port if port and port not in self.taken.values() and is_free(port) else None

    def _choose(self) -> int:
        used = {*self.taken.values(), *self._known().values()}
        return free_port(used)


def free_port(used: set[int] | None = None) -> int:
    """A port nobody listens on and that is not in `used`."""
    for port in random.sample(CHOICE, ATTEMPTS):
        if port not in (used or set()) and is_free(port):
            return port
    raise StackError(f"No free port between {CHOICE.start} and {CHOICE.stop}: end what listens there.")


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen there now; a lingering closed connection does not count."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def refuse_taken(port: int, setting: str, host: str = "127.0.0.1") -> None:
    """Raises StackError when `port` cannot be listened on."""
    if not is_free(port, host):
        raise StackError(
            f"Port {port} ({setting}) is taken by another program: "
            f"end that program, or set {setting} to a free port."
        )
