"""Creating a match and taking its free seat."""

from typing import Any

import pytest

from engine_worker.games import GAMES
from engine_worker.match import MATCH
from schemas.games import CATALOGUE
from schemas.match import COMPUTER, Create, Join, MatchEnded, Options, Play, PlayerJoined, Rematch, Resign
from schemas.rejections import Code
from tests.engine_worker.story import (
    CLOSED,
    ENDED,
    HOUR,
    JOINED,
    MOVE,
    OVER,
    PAPER,
    PLAYING,
    SCISSORS,
    WAITING,
    ask,
    created,
    match,
    opened,
    threw,
)
from tests.words import ANN, AT, BOB, EVE

EXPIRED = MatchEnded(winner=None, by="time", deadline=None)


def new(game: str = "rps", rules: int = 1, **chosen: Any) -> Create:
    return Create(game=game, rules=rules, options=Options(**{"best_of": 3, **chosen}))


def test_a_new_match_waits_an_hour_for_somebody_to_join() -> None:
    match([], when=ask(new()), then=[created()])


@pytest.mark.parametrize(("entropy", "shape"), [("0" * 31 + "1", PAPER), ("0" * 31 + "2", SCISSORS)])
def test_the_computer_sits_down_at_once_and_throws_by_the_commands_chance(entropy: str, shape: Any) -> None:
    match(
        [],
        when=ask(new(opponent="computer"), entropy=entropy),
        then=[
            created(opponent="computer"),
            PlayerJoined(seat=1, player=COMPUTER),
            opened(),
            threw(1, shape),
        ],
    )


def test_the_first_round_lasts_as_long_as_the_options_say() -> None:
    state = MATCH.replay([created(move_seconds=5)])
    verdict = MATCH.decide(ask(Join(), BOB, AT + 7), state)
    assert verdict.events[-1] == opened(1, AT + 7 - MOVE + 5000)  # type: ignore[union-attr]


def test_every_game_on_offer_can_be_created() -> None:
    for entry in CATALOGUE.values():
        assert (entry.name, entry.rules) in GAMES
        verdict = MATCH.decide(ask(new(entry.name, entry.rules, best_of=entry.best_of)), MATCH.initial)
        assert verdict.events[0].game == entry.name  # type: ignore[union-attr]


def test_an_unknown_game_is_refused() -> None:
    match([], when=ask(new("chess")), then=Code.UNKNOWN_GAME)


def test_a_known_game_with_rules_of_a_later_version_is_refused() -> None:
    match([], when=ask(new(rules=2)), then=Code.UNSUPPORTED_VERSION)


@pytest.mark.parametrize("given", [WAITING, PLAYING, ENDED, OVER])
def test_a_match_is_created_once(given: Any) -> None:
    match(given, when=ask(new(), EVE), then=Code.ALREADY_EXISTS)


@pytest.mark.parametrize("word", [Join(), Play(move={"shape": "rock"}), Resign(), Rematch()])
def test_before_it_is_created_a_match_is_unknown(word: Any) -> None:
    match([], when=ask(word), then=Code.UNKNOWN_MATCH)


def test_who_joins_takes_seat_one_and_the_first_round_opens() -> None:
    match(WAITING, when=ask(Join(), BOB, AT + 9), then=[JOINED, opened(1, AT + 9)])


def test_a_player_cannot_join_twice() -> None:
    match(WAITING, when=ask(Join(), ANN), then=Code.ALREADY_JOINED)
    match(PLAYING, when=ask(Join(), BOB), then=Code.ALREADY_JOINED)


def test_a_third_player_finds_the_match_full() -> None:
    match(PLAYING, when=ask(Join(), EVE), then=Code.MATCH_FULL)


@pytest.mark.parametrize("given", [ENDED, OVER])
def test_nobody_joins_a_match_that_has_ended(given: Any) -> None:
    match(given, when=ask(Join(), EVE), then=Code.ENDED)


def test_who_joins_after_the_hour_finds_the_match_expired() -> None:
    match(WAITING, when=ask(Join(), BOB, AT + HOUR), then=Code.ENDED, settled=[EXPIRED, CLOSED])


def test_who_joins_in_the_last_millisecond_plays() -> None:
    at = AT + HOUR - 1
    match(WAITING, when=ask(Join(), BOB, at), then=[JOINED, opened(1, at)])


def test_the_creator_may_take_a_waiting_match_back() -> None:
    nobody_won = MatchEnded(winner=None, by="resignation", deadline=None)
    match(WAITING, when=ask(Resign()), then=[nobody_won, CLOSED])
    match(WAITING, when=ask(Resign(), EVE), then=Code.NOT_SEATED)


def test_nobody_moves_before_somebody_joined() -> None:
    match(WAITING, when=ask(Play(move={"shape": "rock"})), then=Code.NOT_PLAYING)


def test_a_waiting_match_has_no_rematch() -> None:
    match(WAITING, when=ask(Rematch()), then=Code.NO_REMATCH)


def test_before_its_creation_a_match_has_no_deadline() -> None:
    assert MATCH.deadline(MATCH.initial) is None
