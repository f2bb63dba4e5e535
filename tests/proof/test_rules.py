"""The second implementation and the product agree on random matches, vandals and clocks that step back."""

import json
from collections import Counter
from dataclasses import asdict
from random import Random
from typing import Any

import pytest

from engine_worker.judge import State
from engine_worker.owner import Owner
from schemas.log import Fence
from tests.proof.rules import games, life, partition, views, words
from tests.proof.rules.partition import Expected, Partition
from tests.proof.wishes import Seen, Wishes

FIELDS = {"command": "command_id", "code": "rejection"}
SEEDS = range(40)


def anywhere(_: str) -> bool:
    return True


def look(owner: Owner) -> Any:
    def at(match: str) -> Seen | None:
        entry = owner.state.matches.get(match)
        return None if entry is None else Seen(entry.table.phase, entry.table.round, entry.table.deadline)

    return at


def told(expected: Expected) -> dict[str, Any]:
    """What is expected, by the names of an outcome's fields."""
    plain = {FIELDS.get(name, name): value for name, value in asdict(expected).items()}
    del plain["match"]
    return plain


def compare(seed: int) -> None:
    """A run of random commands, judged by both; raises AssertionError at the first difference."""
    random = Random(seed)
    owner = Owner(0, Fence(0, "f"), State(), -1, anywhere)
    second = Partition(anywhere)
    crowd = seed % 5 == 0
    for record in Wishes(random, 0, None, look(owner), crowd).stream(700 if crowd else 400, 1 if crowd else 40):
        taken = owner.take(record.offset, record.timestamp, record.key, record.value, record.headers)  # type: ignore[arg-type]
        assert taken is not None
        found = json.loads(taken.value)
        expected = told(second.judge(record))
        assert {name: found[name] for name in expected} == expected


def compare_all() -> None:
    for seed in SEEDS:
        compare(seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_second_implementation_agrees_with_the_first(seed: int) -> None:
    compare(seed)


@pytest.mark.parametrize(
    ("module", "name", "wrong"),
    [
        (partition, "IDS", 63),
        (partition, "PLAYERS", 31),
        (partition, "NOT_REMEMBERED", ()),
        (partition, "DAY", 25 * life.HOUR),
        (life, "HOUR", 3_600_001),
        (life, "MINUTE", 60_001),
        (life, "SECOND", 999),
        (views, "SHOWN", 30),
        (games, "LOSES_TO", {**games.LOSES_TO, "fire": []}),
        (games, "SHAPES", {**games.SHAPES, "rps": ["rock", "scissors", "paper"]}),
        (words, "LARGEST", 5000),
    ],
)
def test_a_second_implementation_with_one_rule_changed_is_found_out(
    module: Any, name: str, wrong: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, name, wrong)
    with pytest.raises(AssertionError):
        compare_all()


def test_the_random_matches_reach_every_corner() -> None:
    seen: Counter[str] = Counter()
    for seed in range(100, 125):
        second = Partition(anywhere)

        def at(match: str, second: Partition = second) -> Seen | None:
            known = second.matches.get(match)
            return None if known is None else Seen(known["phase"], known["round"], known["deadline"])

        for record in Wishes(Random(seed), 0, None, at).stream(500, 40):
            expected = second.judge(record)
            seen[expected.code or "accepted"] += 1
            seen["repeat"] += expected.duplicate_of is not None
            seen.update(event["type"] for event in expected.events)
            seen.update(event["by"] for event in expected.events if event["type"] == "match.ended.v1")
            seen["missed by both"] += any(event.get("missed") == [0, 1] for event in expected.events)
    assert {name for name in CODES | EVENTS if not seen[name]} == set()


CODES = {
    *(
        "unknown_match",
        "unknown_game",
        "already_exists",
        "match_full",
        "already_joined",
        "not_seated",
        "not_playing",
    ),
    *("already_moved", "wrong_round", "unknown_move", "too_late", "ended", "no_rematch", "already_asked", "stale"),
    *(
        "key_reused",
        "too_early",
        "unreadable",
        "wrong_key",
        "unsupported_version",
        "too_large",
        "accepted",
        "repeat",
    ),
}
EVENTS = {
    *("match.created.v1", "match.player-joined.v1", "match.round-opened.v1", "match.round-ended.v1"),
    *("match.ended.v1", "match.rematch-asked.v1", "match.restarted.v1", "match.closed.v1"),
    *("rps.shape-thrown.v1", "rpsfw.shape-thrown.v1", "score", "resignation", "time", "missed by both"),
}


def test_times_are_written_like_rfc_3339() -> None:
    assert views.time_of(1_800_000_000_007) == "2027-01-15T08:00:00.007Z"
