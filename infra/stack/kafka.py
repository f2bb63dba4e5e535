"""Apache Kafka, one node in KRaft mode: broker and controller in one Java process on loopback."""

import base64
import hashlib
import secrets
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.stack.child import Program
from infra.stack.jars import lock_hash
from infra.stack.java import Java
from infra.stack.store import ask

# Why not the defaults: one node has one replica; a killed broker's registration is held for
# broker.session.timeout.ms, which is how long a restart after SIGKILL takes; a killed worker's partitions are
# held for the group's session timeout, which the services set near group.min.session.timeout.ms. One thread
# for the network and two for requests serve a dozen clients; more spend a tenth more CPU on waking one another.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{doors}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}{advertised}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT{protocols}
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
auto.create.topics.enable=false
compression.type=uncompressed
num.network.threads=1
num.io.threads=2
"""

LOGGING = """\
status=error
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d{ISO8601} %p %c{1} %m%n
rootLogger.level=warn
rootLogger.appenderRef.console.ref=console
"""

TRAINING = "2: asked what Playlog asks"  # what the broker does in the run that records its ahead-of-time cache
AOT_FILES = "kafka-*.aot"
# The serial collector: a third of the threads, and no slower with so small a heap.
JVM = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC")
# Java 25 warns on every start about what Kafka's libraries do; 17 does not know the second option.
JVM_QUIET = ("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow")

# ApiVersions (key 18), version 0, correlation id 1, client id "up": the one request every broker answers.
API_VERSIONS = struct.pack("!ihhih2s", 12, 18, 0, 1, 2, b"up")


@dataclass(frozen=True)
class Door:
    """One more listener: the broker listens on `port` and tells those who ask there to come to `advertised`.

    So one client's connections can be led through a proxy, all of them, while the others go straight.
    """

    name: str
    port: int
    advertised: int


@dataclass(frozen=True)
class Kafka:
    """One broker; `aot` is where its ahead-of-time cache is, or will be."""

    folder: Path
    port: int
    controller_port: int
    log: Path
    java: Java
    jars: Sequence[Path]
    aot: Path
    environment: Mapping[str, str] = field(repr=False)
    doors: Sequence[Door] = ()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def preparations(self) -> Sequence[Program]:
        self._write_configuration()
        tool = ("kafka.tools.StorageTool", "format", "--standalone", "-t", cluster_id())
        argv = (*self._java(), *tool, "-c", str(self._properties))
        return [Program("format Kafka's folder", "kafka", argv, self.log, self.environment)]

    def program(self) -> Program:
        return self._broker(self._with_cache())

    def recording(self, target: Path) -> Program:
        """The broker in a run that writes the ahead-of-time cache to `target` when it ends."""
        return self._broker((f"-XX:AOTCacheOutput={target}", "-Xlog:aot=error"))

    def answers(self) -> bool:
        return serves(self.port)

    def configuration(self) -> str:
        """The text of server.properties."""
        return properties(self.port, self.controller_port, self.folder / "data", self.doors)

    def _broker(self, options: tuple[str, ...]) -> Program:
        self._write_configuration()
        argv = (*self._java(*JVM, *options), "kafka.Kafka", str(self._properties))
        return Program("kafka", "kafka", argv, self.log, self.environment, self.port, stop_seconds=20)

    def _java(self, *options: str) -> tuple[str, ...]:
        quiet = JVM_QUIET if self.java.has_aot else ()
        paths = (
            f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}",
            f"-Dkafka.logs.dir={self.folder}",
        )
        return (str(self.java.path), *options, *quiet, *paths, "-cp", class_path(self.jars))

    def _with_cache(self) -> tuple[str, ...]:
        if not (self.java.has_aot and self.aot.exists()):
            return ()
        return (f"-XX:AOTCache={self.aot}", "-Xlog:aot=error", "-Xlog:aot+codecache+stubs=error")

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    def _write_configuration(self) -> None:
        self._properties.write_text(self.configuration())
        (self.folder / "log4j2.properties").write_text(LOGGING)


def properties(port: int, controller: int, data: Path, doors: Sequence[Door] = ()) -> str:
    """server.properties of one node that is broker and controller."""
    return PROPERTIES.format(
        port=port,
        controller=controller,
        data=data,
        doors="".join(f",{door.name}://127.0.0.1:{door.port}" for door in doors),
        advertised="".join(f",{door.name}://127.0.0.1:{door.advertised}" for door in doors),
        protocols="".join(f",{door.name}:PLAINTEXT" for door in doors),
    )


def serves(port: int) -> bool:
    """Whether a broker answers on loopback."""
    return ask(port, API_VERSIONS, 10)[4:8] == struct.pack("!i", 1)


def class_path(jars: Sequence[Path]) -> str:
    return ":".join(map(str, jars))


def aot_path(cache: Path, java: Java, jars: Sequence[Path]) -> Path:
    """Where the cache of exactly this runtime, these jars, these paths and this training belongs."""
    key = "\n".join((java.version, lock_hash(), class_path(jars), *JVM, TRAINING))
    return cache / AOT_FILES.replace("*", hashlib.sha256(key.encode()).hexdigest()[:16])


def cluster_id() -> str:
    """16 random bytes in base64url, as Kafka draws them; a leading dash would be read as an option."""
    while (text := base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")).startswith("-"):
        pass
    return text
