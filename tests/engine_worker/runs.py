"""Random runs of commands on one partition, drawn so that matches really are played: for laws over all games."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st

from engine_worker.judge import State, fold, judge
from schemas.command import Command, Read, Unreadable
from schemas.match import TIMER, Create, Join, Options, Play, Rematch, Resign, TimeElapsed
from schemas.outcome import Outcome
from schemas.rejections import Code
from tests.words import ANN, AT, BOB, EVE, SHAPES, entropies, moves, names, uid
from tests.words import create as new_match

PAUSES = [*[0] * 12, 1, 1, 4_999, 4_999, 30_000, 600_000, 3_600_000, 86_400_000]  # ms between commands
KINDS = ["play"] * 12 + ["join", "resign", "rematch", "rematch", "timer", "repeat", "reuse", "odd", "unreadable"]
SHORT = st.builds(
    Options,
    best_of=st.sampled_from([1, 1, 3, 3, 5, 31]),
    move_seconds=st.sampled_from([5, 30, 86_400]),
    opponent=st.sampled_from(["open", "open", "computer"]),
)


class Step(NamedTuple):
    """A command as it reaches the engine, `timestamp` in Unix ms by the broker's clock (which may step back)."""

    timestamp: int
    read: Read


class Told(NamedTuple):
    """A run with what the engine made of it."""

    steps: list[Step]
    outcomes: list[Outcome]
    state: State


def anywhere(_: str) -> bool:
    return True


def tell(steps: Sequence[Step]) -> Told:
    """Judge a run from an empty partition."""
    state, outcomes = State(), []
    for offset, step in enumerate(steps):
        outcome, table = judge(state, step.timestamp, step.read, anywhere)
        fold(state, step.read.key, offset, outcome, table)
        outcomes.append(outcome)
    return Told([*steps], outcomes, state)


def image(state: State) -> Any:
    """The state with the order of its dicts, by which it forgets."""
    return (
        state.at,
        [*state.closed],
        [*state.gone],
        [
            (key, entry.table, entry.version, [(player, [*ids.items()]) for player, ids in entry.seen.items()])
            for key, entry in state.matches.items()
        ],
    )


@st.composite
def runs(draw: st.DrawFn, most: int = 30) -> Told:
    """Up to two matches and what two players, a stranger and the timers do to them."""
    state = State()
    steps: list[Step] = []
    outcomes: list[Outcome] = []
    at = AT
    for step in range(draw(st.integers(2, most))):
        at += draw(st.sampled_from(PAUSES))
        read: Read = draw(_first(step)) if step < 1 else _next(draw, step, state, steps)
        steps.append(Step(at - draw(st.sampled_from([0, 0, 0, 1, 10_000])), read))
        outcome, table = judge(state, steps[-1].timestamp, read, anywhere)
        fold(state, read.key, step, outcome, table)
        outcomes.append(outcome)
    return Told(steps, outcomes, state)


@st.composite
def _first(draw: st.DrawFn, step: Any) -> Command:
    command = new_match(f"create-{step}", draw(names))
    word = Create(game=command.word.game, rules=1, options=draw(SHORT))
    return command._replace(word=word, entropy=draw(entropies))


def _next(draw: st.DrawFn, step: int, state: State, steps: list[Step]) -> Read:
    kind = draw(st.sampled_from(KINDS))
    before = draw(st.sampled_from(steps)).read
    if kind == "unreadable" or isinstance(before, Unreadable):
        return Unreadable(Code.UNREADABLE, before.id, before.key)
    again: Command = before
    if kind == "repeat":
        return again
    if kind == "odd":
        opened: Command = draw(_first(step))
        return opened
    word = _word(draw, kind, state, before.key)
    if kind == "reuse":
        return again._replace(word=word)
    player = TIMER if kind == "timer" else draw(st.sampled_from([ANN, ANN, ANN, BOB, BOB, BOB, EVE]))
    return Command(uid(step), before.key, player, draw(entropies), word)


def _word(draw: st.DrawFn, kind: str, state: State, key: str) -> Any:
    entry = state.matches.get(key)
    if kind == "timer":
        standing = (entry.table.deadline if entry else None) or AT
        return TimeElapsed(deadline=standing + draw(st.sampled_from([0, 0, 1])))
    if kind in ("join", "resign", "rematch"):
        return {"join": Join(), "resign": Resign(), "rematch": Rematch()}[kind]
    if entry is not None and entry.table.phase == "waiting":
        return Join()
    known = SHAPES[entry.table.game] if entry and entry.table.game else ["rock"]
    shapes = st.sampled_from([{"shape": shape} for shape in known])
    return Play(move=draw(st.one_of(shapes, shapes, shapes, moves)), round=draw(st.sampled_from([None, None, 1])))
