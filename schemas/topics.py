"""Topics by name: partitions fixed at birth, endless retention, the broker's clock on commands."""

from dataclasses import dataclass

PARTITIONS = 12
COMMAND_BYTES = 65_536
OUTCOME_BYTES = 1_048_588  # a batch's limit on the broker; one outcome is cut at OUTCOME_LIMIT
OUTCOME_LIMIT = 900 * 1024
CHECKPOINT_BYTES = 2 * OUTCOME_BYTES  # a chunk holds a whole match at least, however much it remembers
SEGMENT_BYTES = 16 << 20  # what lies below a deleted offset leaves the disk by segments

ENDLESS = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}


@dataclass(frozen=True)
class Topic:
    """A topic and every setting that correctness needs; start-up refuses a broker that differs."""

    name: str
    partitions: int
    configs: dict[str, str]


@dataclass(frozen=True)
class Domain:
    """A pair of topics with what stands around them: dead letters, checkpoints and the groups that read."""

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

    @property
    def checkpoints(self) -> str:
        return f"playlog.{self.name}.checkpoints"

    @property
    def checkpoint_pointers(self) -> str:
        return f"playlog.{self.name}.checkpoints.pointers"

    def group(self, service: str) -> str:
        """Consumer group of a service, such as `engine-matches`."""
        return f"{service}-{self.name}"

    def topics(self, partitions: int = PARTITIONS) -> tuple[Topic, ...]:
        """The topics that hold the truth; commands are stamped by the broker (LogAppendTime)."""
        clock = {"message.timestamp.type": "LogAppendTime"}
        commands = {**ENDLESS, **clock, "max.message.bytes": str(COMMAND_BYTES)}
        outcomes = {**ENDLESS, "max.message.bytes": str(OUTCOME_BYTES)}
        letters = {**ENDLESS, "max.message.bytes": str(2 * COMMAND_BYTES)}
        return (
            Topic(self.commands, partitions, commands),
            Topic(self.outcomes, partitions, outcomes),
            Topic(self.dead_letters, partitions, letters),
        )

    def checkpoint_topics(self, partitions: int = PARTITIONS) -> tuple[Topic, ...]:
        """What may be lost at any time: their writers delete what a newer checkpoint has replaced."""
        small = {**ENDLESS, "segment.bytes": str(SEGMENT_BYTES)}
        return (
            Topic(self.checkpoints, partitions, {**small, "max.message.bytes": str(CHECKPOINT_BYTES)}),
            Topic(self.checkpoint_pointers, partitions, small),
        )


MATCHES = Domain("matches")
