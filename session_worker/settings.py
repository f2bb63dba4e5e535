"""What a session worker reads from the environment."""

from pydantic import Field

from infra.settings import WithKafka, WithRedis


class SessionSettings(WithKafka, WithRedis):
    """Its name must stay the same over restarts: a restarted worker then has its partitions back at once."""

    worker_name: str = Field("session-1", description="the worker's stable name in its consumer group")
    session_timeout_ms: int = Field(1500, ge=1000, le=60_000, description="a dead worker is replaced after this")
