"""Topics made once and checked at every start: a log is to be trusted only with the right settings."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code

CREATED, UNKNOWN, EXISTS = 0, 3, 36
# A record weighs what its reader has to hold, whatever its producer sent: else a few compressed bytes that pass
# the topic's limit become megabytes, or ask for a codec that the reader lacks.
PLAIN = {"compression.type": "uncompressed"}
REPLICATED = {"min.insync.replicas": "2", "unclean.leader.election.enable": "false"}  # of topics with copies
LEADER_DEADLINE = 30.0
LEADER_PAUSE = 0.05


class Topic(Protocol):
    """Anything that names a topic, how many partitions it has and the settings that it must carry."""

    @property
    def name(self) -> str: ...
    @property
    def partitions(self) -> int: ...
    @property
    def configs(self) -> Mapping[str, str]: ...


@dataclass(frozen=True)
class TopicSpec:
    """A topic as it has to be."""

    name: str
    partitions: int
    configs: Mapping[str, str] = field(default_factory=dict)


class TopicMismatch(Exception):
    """Topics are missing or differ from what this version needs; the message names each difference."""

    def __init__(self, differences: Sequence[str]) -> None:
        self.differences = tuple(differences)
        super().__init__("; ".join(differences))


class TopicUnknown(TopicMismatch):
    """The broker that was asked does not know all of the topics."""


class TopicNotCreated(Exception):
    """The broker refused to make a topic, or its partitions got no leader in time."""


async def apply(admin: AIOKafkaAdminClient, specs: Iterable[Topic], replicas: int = 1) -> list[str]:
    """Create the topics that are missing, wait for their leaders, `check` all; returns the names made."""
    specs = list(specs)
    made = await _create(admin, specs, replicas)
    problem: Exception = TopicNotCreated(f"no leaders within {LEADER_DEADLINE:.0f} s")
    try:
        async with asyncio.timeout(LEADER_DEADLINE):
            while True:
                try:
                    if not await _leaderless(admin, specs):
                        await check(admin, specs)
                        return made
                except TopicUnknown as error:  # each question may go to a broker that has not heard of them yet
                    problem = error
                await asyncio.sleep(LEADER_PAUSE)
    except TimeoutError:
        raise problem from None


async def check(admin: AIOKafkaAdminClient, specs: Iterable[Topic]) -> None:
    """Compare topics with their specs; raises TopicMismatch naming topic, setting, expected and found, as
    TopicUnknown where one is missing."""
    specs = list(specs)
    partitions = {t["topic"]: t["partitions"] for t in await admin.describe_topics()}
    present = [spec for spec in specs if spec.name in partitions]
    configs = await _configs(admin, [spec.name for spec in present])
    missing = [f"topic {s.name} does not exist" for s in specs if s.name not in partitions]
    differences = [words for s in present for words in _compare(s, partitions[s.name], configs[s.name])]
    if missing:
        raise TopicUnknown(missing + differences)
    if differences:
        raise TopicMismatch(differences)


def _compare(spec: Topic, partitions: Sequence[Any], configs: Mapping[str, str]) -> list[str]:
    """Words for every difference of one topic."""
    wanted = {**PLAIN, **(REPLICATED if _has_copies(partitions) else {}), **spec.configs}
    pairs = [("partitions", str(spec.partitions), str(len(partitions)))]
    pairs += [(name, str(value), configs.get(name, "nothing")) for name, value in wanted.items()]
    return [
        f"topic {spec.name}: {name} must be {expected}, found {found}"
        for name, expected, found in pairs
        if expected != found and not _is_stricter(name, expected, found)
    ]


def _has_copies(partitions: Sequence[Any]) -> bool:
    return any(len(partition["replicas"]) > 1 for partition in partitions)


def _is_stricter(name: str, expected: str, found: str) -> bool:
    """More copies than we ask for are fine; that is the one setting where another value is as good."""
    return name == "min.insync.replicas" and found.isdigit() and int(found) >= int(expected)


async def _create(admin: AIOKafkaAdminClient, specs: Sequence[Topic], replicas: int) -> list[str]:
    existing = set(await admin.list_topics())
    missing = [spec for spec in specs if spec.name not in existing]
    if not missing:
        return []
    wanted = [_new(spec, replicas) for spec in missing]
    answer: Any = await admin.create_topics(wanted)
    for name, code, *message in answer.topic_errors:
        if code not in (CREATED, EXISTS):
            raise TopicNotCreated(f"topic {name}: {for_code(code).__name__} {message[0] if message else ''}")
    return [name for name, code, *_ in answer.topic_errors if code == CREATED]


def _new(spec: Topic, replicas: int) -> NewTopic:
    configs = {**PLAIN, **(REPLICATED if replicas > 1 else {}), **spec.configs}
    return NewTopic(spec.name, spec.partitions, replicas, topic_configs=configs)


async def _leaderless(admin: AIOKafkaAdminClient, specs: Sequence[Topic]) -> list[str]:
    led = {t["topic"] for t in await admin.describe_topics() if _has_leaders(t)}
    return [spec.name for spec in specs if spec.name not in led]


def _has_leaders(topic: Mapping[str, Any]) -> bool:
    partitions = topic["partitions"]
    return bool(partitions) and all(p["leader"] >= 0 and p["error_code"] == 0 for p in partitions)


async def _configs(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Every setting of every named topic, defaults included."""
    if not names:
        return {}
    wanted = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    answers: list[Any] = await admin.describe_configs(wanted)
    found: dict[str, dict[str, str]] = {}
    for code, message, _kind, name, entries in (r for answer in answers for r in answer.resources):
        if code:
            words = f"topic {name}: its settings cannot be read: {for_code(code).__name__} {message}"
            raise (TopicUnknown if code == UNKNOWN else TopicMismatch)([words])
        found[name] = {entry[0]: entry[1] for entry in entries}
    return found
