"""Hidden information (2-safety): runs that differ only in the opponent's throw, still face down, look the same."""

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from engine_worker.judge import State, fold, judge
from engine_worker.match import MATCH
from schemas.command import Command
from schemas.match import TIMER, Join, Play, Rematch, TimeElapsed
from schemas.outcome import Outcome
from schemas.visibility import shown
from tests.engine_worker.runs import Told, anywhere, runs
from tests.words import ANN, AT, BOB, ENTROPY, EVE, SHAPES, create, throw, uid

idle = st.lists(
    st.tuples(
        st.sampled_from([ANN, BOB, EVE, TIMER]),
        st.sampled_from([Join(), Rematch(), throw("rock", 999), Play(move={}), TimeElapsed(deadline=1)]),
    ),
    max_size=5,
)


def seen_by(seat: int, outcome: Outcome) -> bytes:
    """All that a player in this seat, and so every spectator, can get of an outcome."""
    private = outcome["private"] or {}
    shown_events = outcome["events"][: shown([event.type for event in outcome["events"]])]
    return orjson.dumps(
        [
            outcome["at"],
            outcome["version"],
            outcome["rejection"],
            outcome["public"],
            private.get(str(seat)),
            outcome["deadline"],
            shown_events,
        ]
    )


def goes_on(state: State, reads: list[Command], seat: int) -> list[bytes]:
    """What this seat sees of these commands, sent behind whatever the state holds."""
    seen = []
    for offset, read in enumerate(reads):
        outcome, table = judge(state, state.at, read, anywhere)
        fold(state, read.key, 1000 + offset, outcome, table)
        seen.append(seen_by(seat, outcome))
    return seen


def played(game: str, rounds: list[tuple[int, int]]) -> State:
    """A match in which these rounds are over and the next one is open."""
    state, shapes = State(), SHAPES[game]
    opened = create(game=game, best_of=31)
    moves = [(seat, pair[seat] % len(shapes)) for pair in rounds for seat in (0, 1)]
    reads = [opened, Command(uid("join"), opened.key, BOB, ENTROPY, Join())]
    reads += [
        Command(uid(("move", number)), opened.key, (ANN, BOB)[seat], ENTROPY, throw(shapes[choice]))
        for number, (seat, choice) in enumerate(moves)
    ]
    for offset, read in enumerate(reads):
        outcome, table = judge(state, AT, read, anywhere)
        assert outcome["rejection"] is None
        fold(state, read.key, offset, outcome, table)
    return state


@given(
    st.sampled_from(sorted(SHAPES)),
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=8),
    st.sampled_from([0, 1]),
    st.tuples(st.integers(0, 4), st.integers(0, 4)),
    idle,
)
def test_an_opponents_pending_throw_changes_no_byte_that_a_seat_can_get(
    game: str, rounds: list[tuple[int, int]], thrower: int, choices: tuple[int, int], others: Any
) -> None:
    worlds = []
    for choice in choices:
        shape, key = SHAPES[game][choice % len(SHAPES[game])], create().key
        thrown = Command(uid("secret"), key, (ANN, BOB)[thrower], ENTROPY, throw(shape))
        rest = [Command(uid(n), key, player, ENTROPY, word) for n, (player, word) in enumerate(others)]
        worlds.append(goes_on(played(game, rounds), [thrown, *rest], 1 - thrower))
    assert worlds[0] == worlds[1]


@given(st.sampled_from(sorted(SHAPES)), st.integers(0, 2**128 - 1), st.integers(0, 2**128 - 1))
def test_the_computers_throw_changes_no_byte_that_its_opponent_can_get(game: str, one: int, other: int) -> None:
    opened = create(game=game, opponent="computer")
    worlds = [goes_on(State(), [opened._replace(entropy=f"{chance:032x}")], 0) for chance in (one, other)]
    assert worlds[0] == worlds[1]


@given(st.sampled_from(sorted(SHAPES)), st.integers(0, 2**128 - 1))
def test_the_computer_throws_by_the_commands_chance_alone(game: str, chance: int) -> None:
    opened = create(game=game, opponent="computer")._replace(entropy=f"{chance:032x}")
    thrown = []
    for state in (State(), State(at=opened.word.options.move_seconds)):
        outcome, _ = judge(state, 5, opened, anywhere)
        thrown.append(outcome["events"][-1])
    assert thrown[0] == thrown[1]
    assert str(thrown[0].shape) == SHAPES[game][chance % len(SHAPES[game])]  # type: ignore[union-attr]


@given(runs())
def test_a_seat_has_a_private_part_exactly_while_its_throw_is_pending(told: Told) -> None:
    for entry in told.state.matches.values():
        private = MATCH.private(entry.table) or {}
        pending = {str(s): {"shape": move} for s, move in enumerate(entry.table.moves) if move is not None}
        assert private == pending
