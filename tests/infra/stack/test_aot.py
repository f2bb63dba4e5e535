"""Which of Kafka's caches stay when a new one is recorded."""

import os
from pathlib import Path

from infra.stack.aot import forget


def test_the_newest_cache_stays_for_another_checkout(tmp_path: Path) -> None:
    for age, name in enumerate(("kafka-c.aot", "kafka-a.aot", "kafka-b.aot")):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    (tmp_path / "kafka-jars").mkdir()
    forget(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kafka-c.aot", "kafka-jars"]


def test_where_nothing_was_recorded_nothing_is_forgotten(tmp_path: Path) -> None:
    forget(tmp_path)
    assert list(tmp_path.iterdir()) == []
