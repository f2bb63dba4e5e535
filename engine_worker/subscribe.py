"""The way in: FastStream's batch subscriber on commands; its manual acknowledgement is never used."""

from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.subscriber.usecase import BatchSubscriber
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from engine_worker.settings import EngineSettings
from engine_worker.term import Term
from infra.settings import KafkaSecurity
from schemas.topics import Domain

POLL_MS = 500
REBALANCE_MS = 10_000  # how long a revoke may wait for the write in flight
SASL = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}


class Listener(ConsumerRebalanceListener):
    """Passes the group's decisions on to the term; heartbeats stand still meanwhile, so it returns at once."""

    def __init__(self, term: Term) -> None:
        self.term = term
        self.subscriber: BatchSubscriber | None = None

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        if self.subscriber is not None and self.subscriber.consumer is not None:
            self.term.assign(self.subscriber.consumer, [tp.partition for tp in assigned])

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        if revoked:
            await self.term.revoke()


def subscribe(settings: EngineSettings, domain: Domain, term: Term) -> tuple[KafkaBroker, BatchSubscriber]:
    """A broker, not yet started, whose one subscriber hands whole polls to the term."""
    broker = KafkaBroker(
        settings.kafka.split(","),  # FastStream takes a string for one server
        apply_types=False,
        allow_auto_create_topics=False,
        graceful_timeout=settings.produce_deadline_seconds + 1,
        security=security(settings.kafka_security),
        logger=None,
    )
    listener = Listener(term)
    subscriber = broker.subscriber(
        domain.commands,
        batch=True,
        max_records=settings.max_records,
        batch_timeout_ms=settings.idle_ms,
        group_id=domain.group("engine"),
        group_instance_id=settings.worker_name,
        ack_policy=AckPolicy.MANUAL,
        auto_offset_reset="none",
        listener=listener,
        session_timeout_ms=settings.session_timeout_ms,
        heartbeat_interval_ms=settings.session_timeout_ms // 4,
        rebalance_timeout_ms=REBALANCE_MS,
        max_partition_fetch_bytes=4 << 20,
    )
    listener.subscriber = subscriber

    async def thin(records: tuple[Any, ...]) -> KafkaMessage:
        # FastStream's own parser costs 6 us a record; the engine decodes only once
        body: Any = [record.value or b"" for record in records]
        consumer: Any = subscriber.consumer
        return KafkaMessage(raw_message=records, body=body, consumer=consumer, correlation_id="-", message_id="-")

    async def identity(message: Any) -> Any:
        return message.raw_message

    subscriber(term.handle, parser=thin, decoder=identity)
    return broker, subscriber


async def start(broker: KafkaBroker, subscriber: BatchSubscriber, term: Term) -> AIOKafkaConsumer:
    """Begin to poll for the term; the subscriber's consumer."""
    await broker.start()
    if subscriber.consumer is None:
        raise RuntimeError("FastStream started its subscriber without a consumer")
    _wait_for_commands(subscriber.consumer, term)
    return subscriber.consumer


def _wait_for_commands(consumer: Any, term: Term) -> None:
    """Let a poll last until commands come, POLL_MS at most; one that fails ends the term.

    After an empty poll FastStream sleeps as long as the poll was meant to last. So polls were short: 4 % of a core
    at rest, and at a hundred commands a second each waited a millisecond on average. A poll that raises is tried
    again for ever, and FastStream says nothing.
    """
    getmany = consumer.getmany

    async def patient(*partitions: TopicPartition, timeout_ms: int, max_records: int | None) -> Any:
        try:
            return await getmany(*partitions, timeout_ms=max(timeout_ms, POLL_MS), max_records=max_records)
        except Exception as error:
            term.fail(error)
            raise

    consumer.getmany = patient


def security(settings: KafkaSecurity) -> BaseSecurity | None:
    """The same SASL and TLS for FastStream as for every other client."""
    if settings.protocol == "PLAINTEXT":
        return None
    import ssl

    context = ssl.create_default_context(cafile=settings.ca_file) if settings.protocol.endswith("SSL") else None
    if not settings.protocol.startswith("SASL"):
        return BaseSecurity(ssl_context=context)
    sasl = SASL[settings.mechanism]
    return sasl(settings.username, settings.password.get_secret_value(), ssl_context=context)
