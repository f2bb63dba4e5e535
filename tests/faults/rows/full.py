"""Disks run full under the stores."""

from pathlib import Path

import redis.asyncio as client

from tests.faults import disk
from tests.faults.row import Row
from tests.faults.scene import Scene

KAFKA_MIB, POSTGRES_MIB = 96, 192
FULL_SECONDS = 6.0


def folder(scene: Scene, name: str) -> Path:
    return scene.folder / "stores" / name


async def kafka_full(scene: Scene) -> None:
    """The broker gives up its one log folder, hence itself; it comes back when there is room."""
    await scene.wait(3)
    scene.note("disk full", "kafka", FULL_SECONDS)
    free = disk.fill(folder(scene, "kafka"))
    await scene.until(lambda: scene.target("kafka").child.exit_code() is not None, "the broker works on", 60)
    await scene.wait(FULL_SECONDS)
    free()
    scene.start("kafka")
    await scene.answering("kafka")
    await scene.wait(5)


async def postgres_full(scene: Scene) -> None:
    await scene.wait(3)
    scene.note("disk full", "postgres", FULL_SECONDS)
    free = disk.fill(folder(scene, "postgres"))
    await scene.wait(FULL_SECONDS * 2)
    free()
    await scene.answering("postgres")
    await scene.wait(3)


async def redis_full(scene: Scene) -> None:
    """It keeps nothing on disk; what can run full is its memory, beyond which every write is refused."""
    await scene.wait(3)
    connection = client.from_url(scene.stores.redis_url)
    try:
        scene.note("memory full", "redis", FULL_SECONDS)
        await connection.config_set("maxmemory", "2mb")
        await scene.wait(FULL_SECONDS)
        await connection.config_set("maxmemory", "1gb")
    finally:
        await connection.aclose()
    await scene.wait(3)


ROWS = [
    Row("F30", "disk full under Kafka", kafka_full, "I1 I9", disk=("kafka", KAFKA_MIB), obstacle=disk.obstacle),
    Row(
        "F30b",
        "disk full under PostgreSQL",
        postgres_full,
        "I1 I9",
        disk=("postgres", POSTGRES_MIB),
        obstacle=disk.obstacle,
    ),
    Row("F30c", "memory full in Redis", redis_full, "I8"),
]
