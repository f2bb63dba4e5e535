"""A poll whose outcomes fill several batches: what goes to the broker, in which order, and what a fault leaves."""

import asyncio
import gc
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaTimeoutError
from aiokafka.producer.message_accumulator import BatchBuilder
from structlog.testing import capture_logs

from engine_worker.checkpoint_write import Checkpointer
from engine_worker.judge import State
from engine_worker.owner import AT_ONCE, Owner
from engine_worker.pace import Pace
from engine_worker.produce import Log
from engine_worker.term import Term
from schemas.log import Fence
from schemas.topics import MATCHES
from tests.words import AT

LIMIT, COMMANDS, PATIENCE = 1500, 3 * AT_ONCE, 10.0


class Producer:
    """Acknowledges at once, or refuses the batch at `refuse`; `sent`: topics, and how many records came.

    With `lost` no outcomes land: each answer is an error.
    """

    def __init__(self, refuse: int | None = None, lost: bool = False) -> None:
        self.sent: list[tuple[str, int]] = []
        self._refuse, self._lost, self._end = refuse, lost, 1

    def create_batch(self) -> BatchBuilder:
        return BatchBuilder(LIMIT, 0)

    async def send_batch(self, batch: BatchBuilder, topic: str, *, partition: int) -> Any:
        if len(self.of(topic)) == self._refuse:
            raise KafkaTimeoutError
        return self._acknowledged(topic, batch.record_count())

    async def send(self, topic: str, *_: Any, **__: Any) -> Any:
        return self._acknowledged(topic, 1)

    def of(self, topic: str) -> list[int]:
        return [count for name, count in self.sent if name == topic]

    def _acknowledged(self, topic: str, count: int) -> Any:
        self.sent.append((topic, count))
        answer = asyncio.get_running_loop().create_future()
        if self._lost and topic == MATCHES.outcomes:
            answer.set_exception(KafkaTimeoutError())
            return answer
        answer.set_result(SimpleNamespace(offset=self._end))
        if topic == MATCHES.outcomes:
            self._end += count
        return answer


def term(producer: Any) -> tuple[Term, Owner]:
    log = Log(producer, MATCHES, PATIENCE)
    takeover: Any = None
    shelf: Any = None
    found = Term(log, takeover, Checkpointer(shelf, Pace(1, 1.0, 1.0), lambda: AT), MATCHES)
    owner = found.owners[0] = Owner(0, Fence(0, "f"), State(), -1, lambda _: True)
    return found, owner


def unreadable(count: int) -> list[Any]:
    """What a poll of partition 0 holds, from its first offset."""
    headers = [("ce_id", b"c")]
    common: dict[str, Any] = {"partition": 0, "timestamp": AT, "key": b"m", "value": b"?", "headers": headers}
    return [SimpleNamespace(offset=offset, **common) for offset in range(count)]


async def test_every_dead_letter_is_sent_before_the_outcome_that_speaks_of_it() -> None:
    producer = Producer()
    found, owner = term(producer)
    await found.handle(unreadable(COMMANDS))
    letters = outcomes = 0
    for topic, count in producer.sent:
        letters += count if topic == MATCHES.dead_letters else 0
        outcomes += count if topic == MATCHES.outcomes else 0
        assert outcomes <= letters
    assert (outcomes, letters) == (COMMANDS, COMMANDS)
    assert len(producer.of(MATCHES.outcomes)) > 2
    assert (owner.watermark, owner.landing) == (COMMANDS - 1, COMMANDS + 1)
    assert not found.failed.done()


async def test_what_nobody_could_read_is_logged_with_the_ids_it_names() -> None:
    found, _ = term(Producer())
    [record] = unreadable(1)
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    record.headers.append(("traceparent", f"00-{trace}-00f067aa0ba902b7-01".encode()))
    with capture_logs() as said:
        await found.handle([record])
    [line] = [line for line in said if line["event"] == "command_unreadable"]
    assert (line["command_id"], line["match_id"], line["trace_id"]) == ("c", "m", trace)


async def test_a_full_batch_goes_out_while_the_next_commands_are_judged() -> None:
    producer = Producer()
    found, _ = term(producer)
    await found.handle(unreadable(COMMANDS))
    first = producer.sent.index((MATCHES.outcomes, producer.of(MATCHES.outcomes)[0]))
    assert (MATCHES.dead_letters, 1) in producer.sent[first:]


@pytest.mark.parametrize("refused", [0, 1])
async def test_a_batch_that_cannot_be_sent_ends_the_term_and_nothing_follows_it(refused: int) -> None:
    producer = Producer(refused)
    found, owner = term(producer)
    await found.handle(unreadable(COMMANDS))
    assert isinstance(found.failed.exception(), KafkaTimeoutError)
    assert len(producer.of(MATCHES.outcomes)) == refused
    assert owner.landing == 1


async def test_a_fault_between_two_batches_is_reported_once() -> None:
    """Not again by asyncio for each batch that was sent before it, and whose answer nobody waits for."""
    reported: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["message"]))
    found, _ = term(Producer(refuse=1, lost=True))
    await found.handle(unreadable(COMMANDS))
    assert isinstance(found.failed.exception(), KafkaTimeoutError)
    await asyncio.sleep(0)
    del found  # its fault's traceback knows the answers
    gc.collect()
    assert reported == []
