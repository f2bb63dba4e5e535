"""Three Kafka nodes in KRaft mode on one machine, for tests that kill some of them: RF 3, min ISR 2."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from infra.stack.child import Program
from infra.stack.kafka import Kafka

# Why not the defaults: a starved machine must not look like a dead broker, hence the longer session; clients come
# by one listener and brokers by another, so that links between brokers can be cut while clients still get through.
PROPERTIES = """\
process.roles=broker,controller
node.id={node}
controller.quorum.voters={voters}
listeners=PLAINTEXT://127.0.0.1:{port},PEER://127.0.0.1:{peer},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},PEER://127.0.0.1:{peer_seen},CONTROLLER://127.0.0.1:{controller_seen}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PEER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,PEER:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
default.replication.factor=3
min.insync.replicas=2
unclean.leader.election.enable=false
offsets.topic.replication.factor=3
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=3
share.coordinator.state.topic.min.isr=2
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=6000
broker.heartbeat.interval.ms=1000
replica.lag.time.max.ms=6000
replica.socket.timeout.ms=6000
controller.quorum.request.timeout.ms=3000
controlled.shutdown.max.retries=3
auto.create.topics.enable=false
compression.type=uncompressed
"""


@dataclass(frozen=True)
class Address:
    """Where a node listens for one purpose, and where the others are told to find it (a proxy, perhaps)."""

    port: int
    seen: int


@dataclass(frozen=True)
class Member(Kafka):
    """One of the nodes. `voters`: where each node's controller is found, by node, as this one sees it."""

    node: int = 1
    cluster: str = ""
    peer: Address = Address(0, 0)
    controller: Address = Address(0, 0)
    voters: dict[int, int] = field(default_factory=dict)

    def preparations(self) -> Sequence[Program]:
        self._write_configuration()
        tool = ("kafka.tools.StorageTool", "format", "-t", self.cluster, "-c", str(self._properties))
        argv = (*self._java(), *tool)
        return [Program(f"format broker {self.node}'s folder", "kafka", argv, self.log, self.environment)]

    def configuration(self) -> str:
        return PROPERTIES.format(
            node=self.node,
            voters=",".join(f"{node}@127.0.0.1:{port}" for node, port in sorted(self.voters.items())),
            port=self.port,
            peer=self.peer.port,
            peer_seen=self.peer.seen,
            controller=self.controller.port,
            controller_seen=self.controller.seen,
            data=self.folder / "data",
        )
