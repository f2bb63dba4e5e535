"""What the drain is fed: whole matches, every command of which counts."""

from itertools import islice
from random import Random

from bench.preload import commands
from engine_worker.judge import State, fold, judge
from schemas.command import decode_command


def test_every_preloaded_command_is_accepted_and_matches_end() -> None:
    state, ended = State(), 0
    for cause, record in enumerate(islice(commands(Random(3), 1_790_000_000_000), 6000)):
        read = decode_command(record.key, record.value, record.headers)
        outcome, table = judge(state, 1_790_000_000_000, read, lambda _: True)
        assert outcome["rejection"] is None, outcome
        fold(state, read.key, cause, outcome, table)
        ended += table is not None and table.phase == "ended"
    assert ended > 50
