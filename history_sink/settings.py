"""What a history sink reads from the environment."""

from pydantic import Field

from infra.settings import WithKafka, WithPostgres


class SinkSettings(WithKafka, WithPostgres):
    """Its name must stay the same over restarts: a restarted sink then has its partitions back at once."""

    worker_name: str = Field("history-1", description="the sink's stable name in its consumer group")
    session_timeout_ms: int = Field(3000, ge=1000, le=60_000, description="a dead sink is replaced after this")
