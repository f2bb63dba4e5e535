"""A match that ends and begins again in one outcome: sink and second implementation agree on its result."""

import pytest

from engine_worker.judge import State
from engine_worker.owner import Owner
from history_sink import tabulate
from schemas.codec import encode_fence
from schemas.command import Command, encode_command
from schemas.log import Fence
from schemas.match import Create, Options, Rematch
from tests.proof.evidence import Record
from tests.proof.good_stores import Tables
from tests.proof.rules import ids, reader, sql

AT = 1_800_000_000_000
COMMANDS = [f"00000000-0000-4000-8000-00000000000{n}" for n in range(2)]
MATCH = ids.match_id(COMMANDS[0]) or ""
AT_ONCE = ["round-ended", "ended", "rematch-asked", "restarted", "round-opened"]


def outcomes() -> list[Record]:
    """The log of a match of one round whose player comes back just when the time to move is over."""
    fence = Fence(0, "f")
    owner = Owner(0, fence, State(), -1, lambda _: True)
    written = [Record(0, 0, AT, *encode_fence(fence.id, "engine", AT))]  # type: ignore[arg-type]
    open_ = Create(game="rps", rules=1, options=Options(best_of=1, move_seconds=5, opponent="computer"))
    for offset, (word, at) in enumerate([(open_, AT), (Rematch(), AT + 5000)]):
        command = Command(COMMANDS[offset], MATCH, "ann", "0" * 32, word)
        taken = owner.take(offset, at, *encode_command(command, at, "/test"))
        assert taken is not None
        written.append(Record(0, offset + 1, at, taken.key, taken.value, tuple(taken.headers)))
    return written


@pytest.mark.parametrize("batches", [[(0, 3)], [(0, 2), (2, 3)]], ids=["in one batch", "apart"])
def test_given_an_end_and_a_restart_in_one_outcome_then_the_result_has_the_point_that_ended_the_match(
    batches: list[tuple[int, int]],
) -> None:
    written = outcomes()
    tables, place = Tables(), tabulate.START
    for begin, end in batches:
        accepted = tabulate.read(place, written[begin:end])  # type: ignore[arg-type]
        tables.write(0, accepted)
        place = accepted.progress
    kinds = [row.type.split(".")[1] for row in tables.events if row.version == 2]
    assert kinds[:5] == AT_ONCE
    assert [row.score for row in tables.results] == [[0, 1]]
    assert tables.results == list(sql.results(MATCH, reader.read(written).accepted))
