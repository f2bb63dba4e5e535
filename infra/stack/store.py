"""What the supervisor and the tests ask of a store: prepare once, run, answer."""

import shutil
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from infra.stack.child import Program
from infra.stack.files import private_folder

PREPARED = "prepared"


class Store(Protocol):
    """Kafka, Valkey or PostgreSQL; constructing one touches nothing."""

    @property
    def folder(self) -> Path:
        """Where it keeps its data, its configuration and its password."""

    def preparations(self) -> Sequence[Program]:
        """What must run to its end, once, before the first start."""

    def program(self) -> Program:
        """The server."""

    def answers(self) -> bool:
        """Whether it serves clients now; never waits longer than a second."""


def outstanding(store: Store) -> Sequence[Program]:
    """The preparations of a store that has not been prepared; an interrupted attempt is thrown away."""
    private_folder(store.folder)
    if (store.folder / PREPARED).exists():
        return []
    shutil.rmtree(store.folder / "data", ignore_errors=True)
    return store.preparations()


def mark_prepared(store: Store) -> None:
    """From now on the data folder is kept."""
    (store.folder / PREPARED).touch()


def ask(port: int, question: bytes, size: int) -> bytes:
    """The first `size` bytes a server on this machine answers; fewer, or none, when it is not there."""
    answer = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(question)
            while len(answer) < size and (chunk := connection.recv(size - len(answer))):
                answer += chunk
    except OSError:
        return answer
    return answer
