"""How far a reader is behind in a partition, as metrics, and for how long silence from Kafka is no news."""

import contextlib

from aiokafka import TopicPartition

from infra.metrics import LAG_RECORDS, LAG_SECONDS

YOUNG_MS = 3_000  # an idle fetch is answered every 0.5 s


def show(tp: TopicPartition, waiting: int, age_ms: int) -> None:
    """So many records wait, and what was handled last is so old."""
    LAG_RECORDS.labels(tp.topic, str(tp.partition)).set(max(0, waiting))
    LAG_SECONDS.labels(tp.topic, str(tp.partition)).set(max(0, age_ms) / 1000)


def forget(tp: TopicPartition) -> None:
    """The partition was lost: it is somebody else's to report."""
    for gauge in (LAG_RECORDS, LAG_SECONDS):
        with contextlib.suppress(KeyError):
            gauge.remove(tp.topic, str(tp.partition))
