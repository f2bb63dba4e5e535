"""The real binaries: they answer, ask for their password, and come back with their data after a crash."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError

from infra.kafka import client
from infra.stack.lag import group_lag
from infra.stack.trial import Process, Trial

pytestmark = pytest.mark.stack


async def make_topic(stack: Trial, name: str) -> None:
    admin: AIOKafkaAdminClient = client.admin(stack.kafka_address)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 2, 1)])
    finally:
        await admin.close()


async def produce(stack: Trial, topic: str, value: bytes) -> None:
    producer: Any = client.producer(stack.kafka_address)
    await producer.start()
    try:
        await asyncio.wait_for(producer.send_and_wait(topic, value, partition=0), 20)
    finally:
        await producer.stop()


async def test_kafka_takes_records_and_tells_how_far_a_group_is_behind(stack: Trial) -> None:
    await make_topic(stack, "stack-test-lag")
    await produce(stack, "stack-test-lag", b"one")
    lag = await group_lag(stack.kafka_address, {"nobody": "stack-test-lag", "other": "no-such-topic"}, timeout=20)
    assert lag["nobody"] == {"topic": "stack-test-lag", "lag": 1}
    assert lag["other"]["lag"] is None


async def test_valkey_asks_for_its_password_and_writes_nothing_to_disk(stack: Trial) -> None:
    async with Redis.from_url(stack.redis_url) as redis:
        assert await redis.config_get("maxmemory-policy", "save", "appendonly") == {
            "maxmemory-policy": "noeviction",
            "save": "",
            "appendonly": "no",
        }
    without = "redis://" + stack.redis_url.rpartition("@")[2]
    with pytest.raises(AuthenticationError):
        async with Redis.from_url(without) as redis:
            await redis.ping()


async def test_postgres_asks_for_its_password(stack: Trial) -> None:
    connection = await asyncpg.connect(stack.postgres_url)
    assert (await connection.fetchval("select version()")).startswith("PostgreSQL 18")
    await connection.close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(stack.postgres_url, password="guess")


async def test_kafka_and_postgres_keep_what_was_acknowledged_over_a_kill(stack: Trial) -> None:
    await make_topic(stack, "stack-test-crash")
    await produce(stack, "stack-test-crash", b"kept")
    connection = await asyncpg.connect(stack.postgres_url)
    await connection.execute("create table kept as select 7 as value")
    await connection.close()
    for handle in (stack.kafka, stack.postgres):
        handle.kill()
        handle.start()
    connection = await asyncpg.connect(stack.postgres_url)
    assert await connection.fetchval("select value from kept") == 7
    await connection.execute("drop table kept")
    await connection.close()
    lag = await group_lag(stack.kafka_address, {"nobody": "stack-test-crash"}, timeout=20)
    assert lag["nobody"]["lag"] == 1


async def test_valkey_comes_back_empty(stack: Trial) -> None:
    async with Redis.from_url(stack.redis_url) as redis:
        await redis.set("stack-test", "1")
    stack.redis.stop()
    stack.redis.start()
    async with Redis.from_url(stack.redis_url) as redis:
        assert await redis.get("stack-test") is None


def test_secrets_are_private_and_in_no_command_line(stack: Trial) -> None:
    if not isinstance(stack.postgres, Process):
        pytest.skip("the environment names PostgreSQL")
    for handle in (stack.postgres, stack.redis):
        assert isinstance(handle, Process)
        password = Path(handle.store.folder) / "password"
        assert password.stat().st_mode & 0o777 == 0o600
        assert password.read_bytes() not in Path(f"/proc/{handle.pid}/cmdline").read_bytes()
