"""Topics: names, the same partitions everywhere, nothing ever deleted, the broker's clock on commands."""

from engine_worker.snapshot import CHUNK_BYTES
from schemas.topics import MATCHES, OUTCOME_LIMIT


def test_a_domain_has_its_topics_by_name() -> None:
    assert [topic.name for topic in MATCHES.topics()] == [
        "playlog.matches.commands",
        "playlog.matches.outcomes",
        "playlog.matches.commands.dlq",
    ]
    assert MATCHES.group("engine") == "engine-matches"


def test_commands_and_outcomes_have_the_same_partitions() -> None:
    assert {topic.partitions for topic in MATCHES.topics(partitions=3)} == {3}


def test_nothing_is_ever_deleted_or_compacted() -> None:
    for topic in MATCHES.topics():
        assert topic.configs["cleanup.policy"] == "delete"
        assert topic.configs["retention.ms"] == topic.configs["retention.bytes"] == "-1"


def test_commands_are_stamped_by_the_broker() -> None:
    commands, *others = MATCHES.topics()
    assert commands.configs["message.timestamp.type"] == "LogAppendTime"
    assert all("message.timestamp.type" not in topic.configs for topic in others)


def test_an_outcome_fits_its_topic_and_a_parked_command_the_dead_letters() -> None:
    commands, outcomes, letters = (int(topic.configs["max.message.bytes"]) for topic in MATCHES.topics())
    assert outcomes > OUTCOME_LIMIT
    assert commands < letters


def test_checkpoints_are_the_owners_to_delete_and_nobody_elses() -> None:
    chunks, pointers = MATCHES.checkpoint_topics()
    assert (chunks.name, pointers.name) == ("playlog.matches.checkpoints", "playlog.matches.checkpoints.pointers")
    for topic in (chunks, pointers):
        assert topic.partitions == MATCHES.topics()[0].partitions
        assert topic.configs["cleanup.policy"] == "delete"  # what is compacted takes no DeleteRecords
        assert topic.configs["retention.ms"] == topic.configs["retention.bytes"] == "-1"
    assert int(chunks.configs["max.message.bytes"]) > 4 * CHUNK_BYTES
