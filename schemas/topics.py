"""Topics by name: partitions fixed at birth, endless retention, the broker's clock on commands."""

from dataclasses import dataclass

PARTITIONS = 12
COMMAND_BYTES = 65_536
OUTCOME_BYTES = 1_048_588  # a batch's limit on the broker; one outcome is cut at OUTCOME_LIMIT
OUTCOME_LIMIT = 900 * 1024

ENDLESS = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}


@dataclass(frozen=True)
class Topic:
    """A topic and every setting that correctness needs; start-up refuses a broker that differs."""

    name: str
    partitions: int
    configs: dict[str, str]


@dataclass(frozen=True)
class Domain:
    """A pair of topics with what stands around them: dead letters and the groups that read."""

    name: str

    @property
    def commands(self) -> str:
        return f"playlog.{self.name}.commands"

    @property
    def outcomes(self) -> str:
        return f"playlog.{self.name}.outcomes"

    @property
    def dead_letters(self) -> str:
        return f"playlog.{self.name}.commands.dlq"

    def group(self, service: str) -> str:
        """Consumer group of a service, such as `engine-matches`."""
        return f"{service}-{self.name}"

    def topics(self, partitions: int = PARTITIONS) -> tuple[Topic, ...]:
        """All topics of the domain; commands are stamped by the broker (LogAppendTime)."""
        clock = {"message.timestamp.type": "LogAppendTime"}
        commands = {**ENDLESS, **clock, "max.message.bytes": str(COMMAND_BYTES)}
        outcomes = {**ENDLESS, "max.message.bytes": str(OUTCOME_BYTES)}
        letters = {**ENDLESS, "max.message.bytes": str(2 * COMMAND_BYTES)}
        return (
            Topic(self.commands, partitions, commands),
            Topic(self.outcomes, partitions, outcomes),
            Topic(self.dead_letters, partitions, letters),
        )


MATCHES = Domain("matches")
