"""What every game keeps; being in GAMES and in the catalogue is enough to be covered."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from engine_worker.decider import Ask, Decision, Rejection
from engine_worker.games import GAMES
from engine_worker.judge import State, fold, judge
from engine_worker.match import MATCH
from engine_worker.table import Table
from schemas.codec import decode_facts, encode_outcome
from schemas.command import Command
from schemas.games import CATALOGUE
from schemas.outcome import Outcome
from tests.engine_worker.runs import Told, anywhere, image, runs, tell
from tests.words import ANN, AT, BOB, ENTROPY, EVE, words

_outcome = TypeAdapter(Outcome)


def asks(told: Told) -> list[tuple[Ask, Table]]:
    """Every readable command of a run as its decider saw it, with the table it met."""
    state, met = State(), []
    for offset, (step, outcome) in enumerate(zip(told.steps, told.outcomes, strict=True)):
        if isinstance(step.read, Command):
            entry = state.matches.get(step.read.key)
            table = MATCH.initial if entry is None else entry.table
            met.append((Ask(step.read.player, outcome["at"], step.read.entropy, step.read.word), table))
        fold(state, step.read.key, offset, outcome)
    return met


@given(runs())
def test_the_state_a_verdict_hands_on_is_the_replay_of_its_events(told: Told) -> None:
    for ask, table in asks(told):
        verdict = MATCH.decide(ask, table)
        happened = verdict if isinstance(verdict, Decision) else verdict.settled
        if happened is not None:
            assert happened.events
            assert happened.state == MATCH.replay(happened.events, since=table)


@given(runs())
def test_judging_twice_agrees_and_leaves_the_state_alone(told: Told) -> None:
    state = State()
    for offset, step in enumerate(told.steps):
        before = image(state)
        first, again = (judge(state, step.timestamp, step.read, anywhere) for _ in range(2))
        assert encode_outcome(first[0]) == encode_outcome(again[0])
        assert first == again
        assert image(state) == before
        fold(state, step.read.key, offset, *first)
    assert image(state) == image(told.state)


@given(runs(), words, st.sampled_from([ANN, BOB, EVE]), st.integers(0, 10**10))
def test_a_match_that_has_ended_for_good_refuses_everything(
    told: Told, word: Any, player: str, later: int
) -> None:
    for entry in told.state.matches.values():
        if MATCH.is_terminal(entry.table):
            verdict = MATCH.decide(Ask(player, AT + later, ENTROPY, word), entry.table)
            assert isinstance(verdict, Rejection)
            assert verdict.settled is None


@given(runs())
def test_outcomes_survive_the_wire(told: Told) -> None:
    for outcome in told.outcomes:
        encoded = encode_outcome(outcome)
        assert decode_facts(encoded)["events"] == outcome["events"]
        read = _outcome.validate_json(encoded)
        assert encode_outcome(read) == encoded
        assert read["events"] == outcome["events"]


@given(runs())
def test_the_fold_of_the_logs_bytes_is_the_live_state(told: Told) -> None:
    live, folded = State(), State()
    for offset, step in enumerate(told.steps):
        outcome, table = judge(live, step.timestamp, step.read, anywhere)
        fold(live, step.read.key, offset, outcome, table)
        fold(folded, step.read.key, offset, decode_facts(encode_outcome(outcome)))
        assert image(folded) == image(live)


@given(runs())
def test_time_never_runs_backwards(told: Told) -> None:
    times = [outcome["at"] for outcome in told.outcomes]
    assert times == sorted(times)
    assert all(at >= step.timestamp for at, step in zip(times, told.steps, strict=True))
    assert all(outcome["deadline"] is None or outcome["deadline"] > outcome["at"] for outcome in told.outcomes)


@given(runs())
def test_versions_count_the_outcomes_that_carry_events(told: Told) -> None:
    versions: dict[str, int] = {}
    for step, outcome in zip(told.steps, told.outcomes, strict=True):
        if outcome["events"]:
            key = step.read.key or ""
            created = outcome["events"][0].type == "match.created.v1"
            assert outcome["version"] == (1 if created else versions[key] + 1)
            versions[key] = outcome["version"]
            assert outcome["public"] is not None
            assert outcome["public"]["version"] == outcome["version"]
        else:
            assert (outcome["public"], outcome["private"], outcome["deadline"]) == (None, None, None)
            assert outcome["rejection"] is not None or outcome["duplicate_of"] is not None


@given(runs())
@settings(max_examples=50)
def test_a_run_told_again_is_the_same(told: Told) -> None:
    again = tell(told.steps)
    assert again.outcomes == told.outcomes
    assert image(again.state) == image(told.state)


@given(runs())
def test_a_score_has_one_winner_and_no_seat_has_more_than_it_needs(told: Told) -> None:
    for entry in told.state.matches.values():
        table = entry.table
        needed = table.options.best_of // 2 + 1
        assert max(table.score) <= needed
        assert sum(score == needed for score in table.score) <= 1
        if table.ended_by == "score":
            assert table.winner is not None
            assert table.score[table.winner] == needed
        won = [sum(shown.winner == seat for shown in table.rounds) for seat in (0, 1)]
        assert all(seen <= score for seen, score in zip(won, table.score, strict=True))


def test_every_game_on_offer_is_judged_and_covered() -> None:
    assert {(entry.name, entry.rules) for entry in CATALOGUE.values()} <= set(GAMES)
