"""What a match remembers of commands: repeats get the first verdict, nothing grows without end, all is forgotten
24 hours after the end."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine_worker.judge import FORGET_AFTER_MS, REMEMBERED_IDS, REMEMBERED_PLAYERS, State, fold, judge
from schemas.codec import decode_facts, encode_outcome
from schemas.command import Command, Read, Unreadable
from schemas.match import TIMER, Create, Join, Options, Play, Rematch, Resign, TimeElapsed
from schemas.outcome import Outcome
from schemas.rejections import Code
from tests.engine_worker.runs import Told, anywhere, runs
from tests.words import ANN, AT, BOB, ENTROPY, EVE, create, throw, uid

HOUR = 3_600_000


class Partition:
    """An engine's memory of one partition, and the offset of the next command."""

    def __init__(self) -> None:
        self.state, self.next, self.at = State(), 0, AT

    def say(self, read: Read, at: int | None = None, at_home: Any = anywhere) -> Outcome:
        self.at = max(self.at, at or 0)
        outcome, table = judge(self.state, at or self.at, read, at_home)
        fold(self.state, read.key, self.next, outcome, table)
        self.next += 1
        return outcome


def says(name: Any, word: Any, player: str = ANN) -> Command:
    return Command(uid(name), create().key, player, ENTROPY, word)


def playing(**chosen: Any) -> Partition:
    partition = Partition()
    partition.say(create(**chosen))
    partition.say(says("join", Join(), BOB))
    return partition


def closed() -> Partition:
    partition = Partition()
    partition.say(create())
    partition.say(says("resign", Resign()))
    return partition


def test_a_repeat_gets_the_first_verdict_and_happens_once() -> None:
    partition = playing()
    first = partition.say(says("move", throw("rock")))
    again = partition.say(says("move", throw("rock")), at=AT + 5)
    assert (again["duplicate_of"], again["version"], again["rejection"], again["events"]) == (
        2,
        first["version"],
        None,
        (),
    )
    assert again["at"] == AT + 5


def test_a_rejected_command_is_rejected_alike_when_it_is_repeated() -> None:
    partition = playing()
    refused = partition.say(says("early", throw("rock", 2)))
    partition.say(says("a", throw("rock")))
    partition.say(says("b", throw("paper"), BOB))
    again = partition.say(says("early", throw("rock", 2)))
    assert refused["rejection"] == again["rejection"] == Code.WRONG_ROUND
    assert again["duplicate_of"] == 2


def test_a_repeated_create_is_the_same_match() -> None:
    partition = playing()
    again = partition.say(create())
    assert (again["duplicate_of"], again["rejection"], again["version"]) == (0, None, 1)


@pytest.mark.parametrize("other", [throw("paper"), throw("rock", 1), Resign()])
def test_the_same_id_with_another_body_is_refused_and_spoils_nothing(other: Any) -> None:
    partition = playing()
    partition.say(says("move", throw("rock")))
    reused = partition.say(says("move", other))
    assert (reused["rejection"], reused["duplicate_of"], reused["events"]) == (Code.KEY_REUSED, 2, ())
    assert partition.say(says("move", throw("rock")))["duplicate_of"] == 2


def test_the_same_id_of_another_player_is_another_command() -> None:
    partition = playing()
    partition.say(says("move", throw("rock")))
    assert partition.say(says("move", throw("rock"), BOB))["duplicate_of"] is None


@given(runs(), st.lists(st.integers(0, 1000), max_size=12))
def test_a_key_sent_many_times_has_one_outcome(told: Told, where: Sequence[int]) -> None:
    partition = Partition()
    heard: dict[tuple[str, str], Any] = {}
    for step in told.steps:
        partition.say(step.read, step.timestamp)
    for place in where:
        read = told.steps[place % len(told.steps)].read
        if isinstance(read, Command) and read.key in partition.state.matches:
            outcome = partition.say(read)
            verdict = (outcome["rejection"], outcome["version"], outcome["duplicate_of"])
            fresh = outcome["rejection"] in (Code.TOO_EARLY, Code.KEY_REUSED)
            if not fresh and outcome["duplicate_of"] is not None:
                assert heard.setdefault((read.player, read.id), verdict) == verdict
            if outcome["duplicate_of"] is not None:
                assert outcome["events"] == ()


def test_the_last_64_ids_of_a_player_are_remembered() -> None:
    partition = playing()
    for number in range(REMEMBERED_IDS):
        partition.say(says(number, throw("rock", 9)))
    assert partition.say(says(0, throw("rock", 9)))["duplicate_of"] == 2
    partition.say(says("one more", throw("rock", 9)))
    assert partition.say(says(1, throw("rock", 9)))["duplicate_of"] == 3
    assert partition.say(says(0, throw("rock", 9)))["duplicate_of"] is None


def test_ids_are_counted_by_player() -> None:
    partition = playing()
    partition.say(says("mine", throw("rock", 9)))
    for number in range(2 * REMEMBERED_IDS):
        partition.say(says(number, throw("rock", 9), BOB))
    assert partition.say(says("mine", throw("rock", 9)))["duplicate_of"] == 2


def test_a_repeat_does_not_count_as_one_more_id() -> None:
    partition = playing()
    partition.say(says("mine", throw("rock", 9)))
    for _ in range(2 * REMEMBERED_IDS):
        partition.say(says("mine", throw("rock", 9)))
    (ids,) = (ids for player, ids in partition.state.matches[create().key].seen.items() if player == ANN)
    assert len(ids) == 2


def test_strangers_do_not_make_a_match_grow_and_seats_are_never_forgotten() -> None:
    partition = playing()
    for number in range(3 * REMEMBERED_PLAYERS):
        partition.say(says("stranger", throw("rock"), f"stranger-{number}"))
    seen = partition.state.matches[create().key].seen
    assert len(seen) == REMEMBERED_PLAYERS
    assert {ANN, BOB, f"stranger-{3 * REMEMBERED_PLAYERS - 1}"} <= set(seen)


def test_an_early_timer_is_not_remembered_so_that_it_counts_when_it_is_repeated() -> None:
    partition = playing()
    deadline = AT + 30_000
    timer = says("timer", TimeElapsed(deadline=deadline), TIMER)
    assert partition.say(timer, at=deadline - 1)["rejection"] == Code.TOO_EARLY
    assert partition.say(timer, at=deadline)["rejection"] is None
    assert partition.say(timer, at=deadline)["duplicate_of"] is not None


def test_a_stale_timer_is_not_remembered_since_its_deadline_may_stand_again() -> None:
    partition = playing(best_of=1)
    timer = says("timer", TimeElapsed(deadline=AT + 30_000), TIMER)
    partition.say(says("a", throw("rock")))
    partition.say(says("b", throw("paper"), BOB))
    assert partition.say(timer)["rejection"] == Code.STALE
    partition.say(says("c", Rematch()))
    partition.say(says("d", Rematch(), BOB))
    assert partition.state.matches[create().key].table.deadline == AT + 30_000
    assert partition.say(timer, at=AT + 30_000)["rejection"] is None


def test_a_late_throws_verdict_is_remembered_with_what_it_settled() -> None:
    partition = playing()
    late = partition.say(says("late", throw("rock")), at=AT + 30_000)
    assert late["rejection"] == Code.TOO_LATE
    assert [event.type for event in late["events"]] == ["match.round-ended.v1", "match.round-opened.v1"]
    again = partition.say(says("late", throw("rock")))
    assert (again["rejection"], again["duplicate_of"], again["version"], again["events"]) == (
        Code.TOO_LATE,
        2,
        3,
        (),
    )


def test_a_match_is_forgotten_24_hours_after_its_end_by_the_clock_of_commands() -> None:
    partition = closed()
    assert partition.say(says("a", Join(), EVE), at=AT + FORGET_AFTER_MS - 1)["rejection"] == Code.ENDED
    other = create("another")
    partition.say(other, at=AT + FORGET_AFTER_MS)
    assert set(partition.state.matches) == {other.key}
    unknown = partition.say(says("b", Join(), EVE))
    assert (unknown["rejection"], unknown["version"]) == (Code.UNKNOWN_MATCH, 0)


def test_the_command_that_comes_when_a_match_is_forgotten_is_the_last_it_answers() -> None:
    partition = closed()
    assert partition.say(says("a", Join(), EVE), at=AT + FORGET_AFTER_MS)["rejection"] == Code.ENDED
    assert partition.state.matches == {}
    assert not partition.state.closed


def test_eviction_is_the_same_for_who_only_reads_the_log() -> None:
    partition, folded = closed(), State()
    for offset in range(3):
        live = partition.say(create(offset), at=AT + offset * FORGET_AFTER_MS)
        fold(folded, create(offset).key, offset, decode_facts(encode_outcome(live)))
    assert set(folded.matches) == set(partition.state.matches)


def test_a_forgotten_match_never_comes_to_life_again() -> None:
    partition = closed()
    partition.say(create("another"), at=AT + FORGET_AFTER_MS)
    again = partition.say(create())
    assert (again["rejection"], again["version"], again["events"]) == (Code.ALREADY_EXISTS, 0, ())
    assert create().key not in partition.state.matches


def test_a_match_that_still_waits_or_plays_is_never_forgotten() -> None:
    partition = playing()
    partition.say(create("another"), at=AT + 100 * FORGET_AFTER_MS)
    assert create().key in partition.state.matches


def test_a_command_for_an_unknown_match_is_not_remembered() -> None:
    partition = Partition()
    for _ in range(2):
        outcome = partition.say(says("move", throw("rock")))
        assert (outcome["rejection"], outcome["duplicate_of"]) == (Code.UNKNOWN_MATCH, None)
    assert partition.state.matches == {}


@pytest.mark.parametrize("game", ["chess"])
def test_a_refused_create_leaves_nothing(game: str) -> None:
    partition = Partition()
    assert partition.say(create(game=game))["rejection"] == Code.UNKNOWN_GAME
    assert partition.state.matches == {}


def test_a_create_must_come_under_the_id_it_makes() -> None:
    partition = Partition()
    word = Create(game="rps", rules=1, options=Options(best_of=3))
    for command_id in (uid("other"), "no uuid"):
        stray = Command(command_id, create().key, ANN, ENTROPY, word)
        assert partition.say(stray)["rejection"] == Code.WRONG_KEY
    assert partition.say(create(), at_home=lambda _: False)["rejection"] == Code.WRONG_KEY
    assert partition.say(create(), at_home=lambda key: key == create().key)["rejection"] is None


def test_what_cannot_be_read_is_rejected_with_the_matchs_version_and_not_remembered() -> None:
    partition = playing()
    seen = {player: dict(ids) for player, ids in partition.state.matches[create().key].seen.items()}
    outcome = partition.say(Unreadable(Code.UNREADABLE, uid("x"), create().key))
    assert (outcome["rejection"], outcome["version"], outcome["player"]) == (Code.UNREADABLE, 2, None)
    assert partition.say(Unreadable(Code.TOO_LARGE))["version"] == 0
    assert partition.state.matches[create().key].seen == seen


def test_a_move_with_an_endless_integer_is_a_move_the_rules_do_not_know() -> None:
    partition = playing()
    assert partition.say(says("big", Play(move={"shape": 2**80})))["rejection"] == Code.UNKNOWN_MOVE
    assert partition.say(says("big", Play(move={"shape": 2**80})))["duplicate_of"] == 2


def test_a_rematch_keeps_the_matchs_version_and_memory() -> None:
    partition = playing()
    partition.say(says("resign", Resign()))
    partition.say(says("again a", Rematch()))
    outcome = partition.say(says("again b", Rematch(), BOB))
    assert outcome["version"] == 5
    assert partition.say(says("resign", Resign()))["duplicate_of"] == 2
