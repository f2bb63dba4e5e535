"""What an engine worker reads from the environment."""

from pydantic import Field

from infra.settings import WithKafka


class EngineSettings(WithKafka):
    """Its name must stay the same over restarts: a restarted worker then has its partitions back at once."""

    worker_name: str = Field("engine-1", description="the worker's stable name in its consumer group")
    session_timeout_ms: int = Field(1500, ge=1000, le=60_000, description="a dead worker is replaced after this")
    produce_deadline_seconds: float = Field(4.0, gt=0, description="an unacknowledged batch ends the term")
    max_records: int = Field(8000, ge=1, description="commands taken in one poll")
    idle_ms: int = Field(5, ge=1, description="FastStream sleeps this long after a poll without commands")
    checkpoint_outcomes: int = Field(5000, ge=1, description="a partition's checkpoint waits for so many outcomes")
    checkpoint_seconds: float = Field(60.0, gt=0, description="and for so long after the one before")
    checkpoint_share: float = Field(
        0.1, gt=0, le=1, description="the most of a worker's time that writing them takes"
    )
