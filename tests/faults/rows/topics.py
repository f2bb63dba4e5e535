"""Somebody changes the topics under us: more partitions, a deleted head, a topic made anew. Nothing heals that."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from infra.kafka.client import admin
from infra.stack.health import answer
from infra.stack.platform import Service
from playlog.client.http import Pool
from playlog.client.player import Player
from schemas.topics import MATCHES, PARTITIONS
from tests.faults.collect import Dump
from tests.faults.row import Row
from tests.faults.rows.redis import ask
from tests.faults.scene import NotInjected, Scene

REFUSAL_SECONDS = 30.0
METADATA_SECONDS = 35.0  # clients ask for metadata every 30 s
MOVES = 60
WORKERS = ("engine-1", "session", "history")


@asynccontextmanager
async def admin_client(scene: Scene) -> AsyncIterator[AIOKafkaAdminClient]:
    client = admin(scene.stores.kafka_address)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


async def nothing(scene: Scene) -> None:
    """The log grows; what is done to it comes afterwards."""
    await scene.wait(scene.seconds / 2)


async def refuses(scene: Scene, name: str, words: str, others: tuple[str, ...] = ()) -> list[str]:
    """What is wrong unless the service, started now, ends or stays unready, and says why."""
    service: Service = scene.target(name)
    for other in (name, *others):
        scene.target(other).kill()
    told = scene.said(name)
    service.start()
    deadline = asyncio.get_running_loop().time() + REFUSAL_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        ready = await asyncio.to_thread(lambda: service.ready)
        if ready:
            return [f"{name} works on although {words}"]
        said = _said(service, told())
        if words in said and (not service.running or not ready):
            return []
        await asyncio.sleep(0.5)
    return [f"{name} does not say that {words}: {_said(service, told())[-400:]}"]


def _said(service: Service, logged: str) -> str:
    return logged + (answer(service.port, "/readyz")[1] if service.running else "")


async def more_partitions(scene: Scene) -> list[str]:
    """Nobody starts on a topic of 13, and the gateway puts no match elsewhere than before."""
    async with admin_client(scene) as client:
        await client.create_partitions({MATCHES.commands: NewPartitions(PARTITIONS + 1)})
        await client.create_partitions({MATCHES.outcomes: NewPartitions(PARTITIONS + 1)})
    scene.note("13 partitions", "topics")
    wrong = await rekeyed(scene)
    for name in WORKERS:
        wrong += await refuses(scene, name, "partitions must be 12, found 13", others=("engine-2",))
    return wrong


async def rekeyed(scene: Scene) -> list[str]:
    """Commands that a gateway, started now, puts where no engine will ever look."""
    scene.restart("gateway")
    await asyncio.sleep(METADATA_SECONDS / 5)
    pool = Pool(scene.services.url)
    try:
        guest = await Player.guest(pool)
        for _ in range(MOVES):
            await guest.post("/v1/matches", b'{"game": "rps", "options": {}}')
    finally:
        pool.close()
    dump = Dump(scene.stores.kafka_address, MATCHES.commands, PARTITIONS + 1)
    strays = [record for record in await dump.read() if record.partition >= PARTITIONS]
    return [f"{len(strays)} commands went to partition {PARTITIONS}, which nobody judges"] if strays else []


async def made_anew(scene: Scene) -> list[str]:
    """An empty topic of commands behind outcomes that speak of them."""
    for name in ("engine-1", "engine-2", "gateway"):
        scene.target(name).kill()
    specs = {topic.name: topic for topic in MATCHES.topics()}
    commands = specs[MATCHES.commands]
    async with admin_client(scene) as client:
        await client.delete_topics([commands.name])
        await asyncio.sleep(2)
        made: Any = await client.create_topics(
            [NewTopic(commands.name, commands.partitions, 1, topic_configs=dict(commands.configs))]
        )
        if any(code for _, code, *_ in made.topic_errors):
            raise NotInjected(f"the topic is not made anew: {made.topic_errors}")
    scene.note("made anew", MATCHES.commands)
    return await refuses(scene, "engine-1", "comes next", others=("engine-2",))


async def head_deleted(scene: Scene) -> list[str]:
    """Retention takes the head of a log while nobody looks: no empty state, no shorter history."""
    for name in ("engine-1", "engine-2", "session"):
        scene.target(name).kill()
    places = {TopicPartition(MATCHES.outcomes, p): RecordsToDelete(before_offset=5) for p in range(PARTITIONS)}
    async with admin_client(scene) as client:
        await client.delete_records(places)
    scene.note("head deleted", MATCHES.outcomes)
    await ask(scene, "FLUSHALL")
    wrong = await refuses(scene, "engine-1", "begins at offset 5", others=("engine-2",))
    return wrong + await refuses(scene, "session", "starts at 5 instead of 0")


async def retention_set(scene: Scene) -> list[str]:
    """Settings under which a log would shrink are refused before any of it is gone."""
    async with admin_client(scene) as client:
        spec = next(topic for topic in MATCHES.topics() if topic.name == MATCHES.outcomes)
        changed = {**spec.configs, "retention.ms": "3600000"}
        await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, MATCHES.outcomes, changed)])
    scene.note("retention of an hour", MATCHES.outcomes)
    wrong: list[str] = []
    for name in WORKERS:
        wrong += await refuses(scene, name, "retention.ms must be -1, found 3600000")
    return wrong


ROWS = [
    Row("F19", "partitions raised", nothing, "I1-I7", closing=more_partitions),
    Row("F19b", "topic of commands made anew", nothing, "I1-I7", closing=made_anew),
    Row("F35", "head of the log deleted before a restore", nothing, "I3 I8", closing=head_deleted),
    Row("F35b", "retention set on a live topic", nothing, "I3 I8", closing=retention_set),
]
