"""Three real brokers for a row, each reached by its peers through links that can be cut."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from infra.stack import java as java_runtime
from infra.stack import stores
from infra.stack.cluster import Address, Member
from infra.stack.jars import class_path
from infra.stack.kafka import aot_path, cluster_id
from infra.stack.ports import free_port
from infra.stack.running import pause
from infra.stack.settings import read
from infra.stack.trial import Process
from tests.faults.links import Links

NODES = (1, 2, 3)


class Broker(Process):
    """One of the three; `address` is where clients come."""

    store: Member

    @property
    def address(self) -> str:
        return self.store.address


@contextmanager
def three(home: Path, links: Links) -> Iterator[list[Broker]]:
    """All three up; ended afterwards. Links: `peer-N` and `controller-N` lead to broker N."""
    brokers: list[Broker] = []
    who = partial(_who, brokers)
    members = _members(home, links, who)
    stores.prepare(members, pause)
    try:
        brokers.extend(map(Broker, members))
        for broker in brokers:
            broker.start()
        yield brokers
    finally:
        for broker in brokers:
            broker.kill()
            broker.child.wait(10)


def _members(home: Path, links: Links, who: "partial[str]") -> list[Member]:
    settings = read({**os.environ, "PLAYLOG_HOME": str(home)})
    java, jars = java_runtime.find(), class_path(settings.cache, lambda *_: None)
    peers, controllers = {node: free_port() for node in NODES}, {node: free_port() for node in NODES}
    peer_seen = {node: links.open(f"peer-{node}", peers[node], who=who).port for node in NODES}
    controller_seen = {node: links.open(f"controller-{node}", controllers[node], who=who).port for node in NODES}
    cluster = cluster_id()
    return [
        Member(
            folder=home / f"broker-{node}",
            port=free_port(),
            controller_port=controllers[node],
            log=home / "logs" / f"broker-{node}.log",
            java=java,
            jars=jars,
            aot=aot_path(settings.cache, java, jars),
            environment=stores.BARE,
            node=node,
            cluster=cluster,
            peer=Address(peers[node], peer_seen[node]),
            controller=Address(controllers[node], controller_seen[node]),
            voters={**controller_seen, node: controllers[node]},
        )
        for node in NODES
    ]


def _who(brokers: list[Broker], port: int) -> str:
    """Which broker has a socket with this local port."""
    inodes = set(_inodes(port))
    for broker in brokers:
        with suppress(OSError):
            folder = Path("/proc") / str(broker.pid) / "fd"
            if any(_target(entry) in inodes for entry in folder.iterdir()):
                return f"broker-{broker.store.node}"
    return ""


def _inodes(port: int) -> Iterator[str]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                parts = line.split()
                if int(parts[1].rpartition(":")[2], 16) == port:
                    yield f"socket:[{parts[9]}]"


def _target(entry: Path) -> str:
    try:
        return str(entry.readlink())
    except OSError:
        return ""
