"""What an engine worker says about one term: readiness and lag; and that nothing was polled for too long."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from aiokafka import TopicPartition

from engine_worker.owner import Owner
from engine_worker.term import Term
from infra.health import Health
from infra.kafka import lag
from schemas.word import Millis

STUCK_MS = 15_000


class Watch:
    """Reads a term and its consumer, and never changes them. `clock` is Unix time in ms."""

    def __init__(self, term: Term, consumer: Any, clock: Callable[[], Millis], health: Health) -> None:
        self._term, self._consumer, self._clock, self._health = term, consumer, clock, health
        self._shown: dict[TopicPartition, Millis] = {}  # since when

    def look(self) -> None:
        """Report once. Raises TimeoutError when a partition was not polled for STUCK_MS: a new term may."""
        owned = {self._tp(owner.partition): owner for owner in self._term.owners.values()}
        now = self._clock()
        since = {tp: self._shown.get(tp, now) for tp in owned}
        self._say_partitions()
        self._say_kafka(since, now)
        for tp, owner in owned.items():
            self._lag(tp, owner)
        self._forget(self._shown.keys() - owned.keys())
        self._shown = since

    def end(self) -> None:
        """The partitions are somebody else's to report."""
        self._forget(self._shown)

    def _say_partitions(self) -> None:
        term = self._term
        if not term.joined:
            words = "the group has not assigned partitions yet"
        elif term.assigned and not term.ready:
            words = f"{len(term.owners)} of {len(term.assigned)} partitions restored"
        else:
            words = ""  # with more workers than partitions some have none
        self._health.set("partitions", not words, words)

    def _say_kafka(self, owned: Mapping[TopicPartition, Millis], now: Millis) -> None:
        polled = {tp: self._consumer.last_poll_timestamp(tp) or since for tp, since in owned.items()}
        silent = now - max(polled.values()) if polled else 0
        words = f"no answer for {silent // 1000} s" if silent > lag.YOUNG_MS else ""
        self._health.set("kafka", not words, words)
        for tp, at in polled.items():
            if now - at > STUCK_MS:
                raise TimeoutError(f"nothing polled from partition {tp.partition} for {STUCK_MS // 1000} s")

    def _lag(self, tp: TopicPartition, owner: Owner) -> None:
        end = self._consumer.highwater(tp)
        if end is None:
            return
        waiting = end - owner.watermark - 1
        age = self._clock() - owner.state.at if waiting > 0 and owner.state.at else 0
        lag.show(tp, waiting, age)

    def _forget(self, gone: Iterable[TopicPartition]) -> None:
        for tp in gone:
            lag.forget(tp)

    def _tp(self, partition: int) -> TopicPartition:
        return TopicPartition(self._term.commands, partition)
