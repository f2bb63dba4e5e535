"""`playlog topics apply`: create the topics that are missing and refuse settings that would lose the log."""

import asyncio
import ssl
from typing import Annotated

import typer
from aiokafka.errors import KafkaConnectionError, KafkaError

from infra.kafka.client import admin
from infra.kafka.topics import TopicMismatch, TopicNotCreated
from infra.kafka.topics import apply as apply_topics
from infra.settings import WithKafka, load
from schemas.topics import MATCHES

TOPICS = (*MATCHES.topics(), *MATCHES.checkpoint_topics())


def apply(
    replicas: Annotated[int, typer.Option(min=1, help="Copies of each partition, for topics made now.")] = 1,
) -> None:
    """Create the topics and check their settings."""
    settings = load(WithKafka)
    try:
        made = asyncio.run(_apply(settings, replicas))
    except (TopicMismatch, TopicNotCreated) as error:
        typer.echo(f"{error}. No topic that was there was changed; mend its settings and try again.", err=True)
        raise typer.Exit(1) from None
    except (KafkaError, OSError) as error:
        typer.echo(_words(settings.kafka, error), err=True)
        raise typer.Exit(1) from None
    for topic in TOPICS:
        typer.echo(f"{topic.name}: {'created' if topic.name in made else 'as it should be'}")


def _words(address: str, error: Exception) -> str:
    kind = type(error).__name__
    if isinstance(error, FileNotFoundError | PermissionError | ssl.SSLError):
        return f"PLAYLOG_KAFKA_SECURITY__CA_FILE cannot be used ({error.strerror}): name a file of certificates."
    if isinstance(error, KafkaConnectionError | OSError):
        return f"Kafka does not answer at {address} ({kind}): start it, or set PLAYLOG_KAFKA to where it is."
    return f"Kafka at {address} refuses ({kind}): see PLAYLOG_KAFKA_SECURITY__* and the rights of its user."


async def _apply(settings: WithKafka, replicas: int) -> list[str]:
    client = admin(settings.kafka, settings.security)
    try:
        await client.start()
        return await apply_topics(client, TOPICS, replicas)
    finally:
        await client.close()
