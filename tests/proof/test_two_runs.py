"""Hidden information: two runs that differ in an unrevealed move alone look the same to the other player."""

from collections.abc import Iterable
from dataclasses import replace
from random import Random

from tests.proof.checker import check
from tests.proof.evidence import Evidence, Record
from tests.proof.good import PARTITIONS, Partition, Run, collect
from tests.proof.report import Finding
from tests.proof.wishes import Wishes


def told(shape: str) -> tuple[Evidence, str]:
    """A match in which the second player has thrown `shape`, and nobody knows it; and the first player's id."""
    evidence = Evidence(history=[], commands=[], readings=[], sends=[], redis_writes=[])
    run, random = Run(evidence), Random("told")
    home = Partition(run, 0, Random(0))
    wishes = Wishes(random, 0, PARTITIONS, home.look, crowd=True)
    home.wishes.matches, home.wishes.sent = wishes.matches, wishes.sent

    def records() -> Iterable[Record]:
        yield wishes.create()
        match, (_, (ann, bob)) = next(iter(wishes.matches.items()))
        play = {"type": "match.play.v1", "move": {"shape": shape}}
        for player, word in ((bob, {"type": "match.join.v1"}), (bob, play), (ann, {"type": "match.join.v1"})):
            wishes.offset += 1
            wishes.sent.append(wishes.record(match, player, word))
            yield wishes.sent[-1]

    home.play(records(), 4)
    collect(run, [home])
    return evidence, next(iter(wishes.matches.values()))[1][0]


def compared(one: Evidence, other: Evidence, player: str) -> Finding:
    return check(one, twin=other, player=player)["I14"]


def test_what_the_opponent_holds_reaches_nobody() -> None:
    one, ann = told("rock")
    other, _ = told("paper")
    assert one.commands != other.commands
    finding = compared(one, other, ann)
    assert (finding.status, finding.violations) == ("held", [])
    assert finding.checked >= 5


def test_raw_state_in_a_snapshot_is_seen() -> None:
    runs = []
    for shape in ("rock", "paper"):
        run, ann = told(shape)
        assert run.redis_matches is not None
        held = run.redis_matches[0]
        run.redis_matches[0] = replace(held, fields={**held.fields, "state": shape.encode()})
        runs.append(run)
    finding = compared(runs[0], runs[1], ann)
    assert [violation.sentence.split(" of ")[0] for violation in finding.violations] == ["Redis's state"]


def test_a_frame_that_tells_is_seen() -> None:
    one, ann = told("rock")
    other, _ = told("paper")
    assert other.connections is not None
    index = next(i for i, connection in enumerate(other.connections) if connection.player == ann)
    *before, last = other.connections[index].frames
    leaking = replace(last, data=last.data.replace("false", "0", 1))
    other.connections[index] = replace(other.connections[index], frames=(*before, leaking))
    assert compared(one, other, ann).status == "violated"


def test_runs_that_do_not_differ_prove_nothing() -> None:
    one, ann = told("rock")
    assert compared(one, told("rock")[0], ann).status == "not checked"


def test_runs_that_differ_in_the_players_own_moves_prove_nothing() -> None:
    (one, ann), (other, _) = told("rock"), told("paper")
    bob = next(row.player for row in one.seats or [] if row.player != ann)
    assert compared(one, other, bob).status == "not checked"
