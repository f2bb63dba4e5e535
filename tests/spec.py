"""Given what has happened, when a command arrives, then this is the verdict."""

from collections.abc import Iterable, Sequence
from typing import Any

from engine_worker.decider import Ask, Decider, Decision, Rejection
from schemas.rejections import Code
from schemas.word import Event


def spec(
    decider: Decider[Any],
    given: Iterable[Event],
    when: Ask,
    then: Sequence[Event] | Code,
    settled: Sequence[Event] = (),
) -> None:
    """`then`: the events, or the code of the rejection, with the events that time alone had settled before."""
    state = decider.replay(list(given))
    verdict = decider.decide(when, state)
    if isinstance(then, Code):
        expected = Decision(tuple(settled), decider.replay(settled, since=state)) if settled else None
        assert verdict == Rejection(then, expected)
    else:
        assert verdict == Decision(tuple(then), decider.replay(then, since=state))
