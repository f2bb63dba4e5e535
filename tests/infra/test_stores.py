"""Clients of PostgreSQL and Redis: time-outs hold, JSON is values, a store that is away is told apart."""

import pytest
import redis.exceptions

from infra import postgres, redis_client
from infra.stack.trial import Trial


@pytest.mark.stack
async def test_json_columns_are_values_and_the_search_path_is_bare(stack: Trial) -> None:
    connection = await postgres.connect(stack.postgres_url, "trial")
    try:
        assert await connection.fetchval("SELECT $1::jsonb", {"a": [1, None]}) == {"a": [1, None]}
        assert await connection.fetchval("SHOW search_path") == "pg_catalog"
    finally:
        await connection.close()


@pytest.mark.stack
async def test_a_slow_statement_is_ended(stack: Trial) -> None:
    pool = await postgres.pool(stack.postgres_url, "trial", statement_ms=50)
    try:
        with pytest.raises(postgres.AWAY):
            await pool.execute("SELECT pg_sleep(10)")
        assert await pool.fetchval("SELECT 1") == 1
    finally:
        await pool.close()


async def test_a_pool_opens_while_postgresql_is_away() -> None:
    pool = await postgres.pool("postgresql://nobody@127.0.0.1:1/none", "trial")
    with pytest.raises(postgres.AWAY):
        await pool.fetchval("SELECT 1")
    pool.terminate()


@pytest.mark.stack
async def test_a_script_comes_back_after_the_server_forgot_it(stack: Trial) -> None:
    client = redis_client.client(stack.redis_url, "trial")
    try:
        double = client.register_script("return ARGV[1] * 2")
        assert await double(args=[21]) == 42
        await client.script_flush()
        assert await double(args=[4]) == 8
    finally:
        await client.aclose()


@pytest.mark.stack
async def test_a_redis_that_does_not_answer_is_away(stack: Trial) -> None:
    client = redis_client.client(stack.redis_url, "trial", timeout=0.05)
    try:
        with pytest.raises(redis_client.AWAY):
            await client.blpop(["trial:nothing"], timeout=5)
    finally:
        await client.aclose()


async def test_no_redis_is_away() -> None:
    client = redis_client.client("redis://127.0.0.1:1/0", "trial")
    with pytest.raises(redis_client.AWAY) as caught:
        await client.ping()
    assert isinstance(caught.value, redis.exceptions.ConnectionError)
    await client.aclose()
