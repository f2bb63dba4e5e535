"""The players' script knows the rules by itself and agrees with the engine's."""

from itertools import islice, product
from random import Random

import pytest

from engine_worker.decider import Ask, Decision
from engine_worker.games import GAMES
from engine_worker.match import MATCH
from engine_worker.table import Table
from playlog.client.script import SHAPES, Script, winner
from schemas.match import Create, Join, Options, Play, Rematch


@pytest.mark.parametrize("game", sorted(SHAPES))
def test_the_second_telling_of_the_rules_agrees_with_the_first(game: str) -> None:
    for pair in product(SHAPES[game], repeat=2):
        assert winner(game, *pair) == GAMES[game, 1].winner(pair)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("game", sorted(SHAPES))
def test_every_step_is_accepted_and_raises_the_version_by_one(game: str, seed: int) -> None:
    script = Script(game, 7, Random(seed))
    options = Options(best_of=7)
    table, version = MATCH.initial, 0
    for player, word in (("0", Create(game=game, rules=1, options=options)), ("1", Join())):
        table, version = judged(table, player, word), version + 1
    for step in islice(script.endless(), 200):
        kind = step.body["type"]
        table = judged(table, str(step.seat), Rematch() if kind == "rematch" else Play(move=step.body["move"]))
        version += 1
        assert step.version == version
        if kind == "play":
            assert list(table.score) == script.score
            assert (table.winner if table.phase == "ended" else None) == script.over


def judged(table: Table, player: str, word: object) -> Table:
    verdict = MATCH.decide(Ask(player, 0, "0" * 32, word), table)
    assert isinstance(verdict, Decision), verdict
    state: Table = verdict.state
    return state
