"""Judging the commands again finds every byte that is not what the engine made of them."""

from collections.abc import AsyncIterator, Sequence
from random import Random

import pytest

from engine_worker.judge import State
from playlog.commands.verify import around, document, reexecute
from playlog.reexecution import Findings, Reexecution
from schemas.command import Command
from schemas.match import Join
from tests.playlog.logs import PARTITION, Line, Partition, played


async def verified(log: Partition, poll: int = 7) -> Findings:
    return await reexecute(
        Reexecution(PARTITION), polls(log.outcomes, poll), polls(log.commands, poll + 4), len(log.commands)
    )


async def polls(records: Sequence[Line], size: int) -> AsyncIterator[tuple[int, Sequence[Line]]]:
    for begin in range(0, len(records), size):
        yield PARTITION, records[begin : begin + size]


@pytest.mark.parametrize("poll", [1, 7, 1000])
async def test_an_untouched_log_is_equal_in_polls_of_any_size(poll: int) -> None:
    log = played()
    found = await verified(log, poll)
    assert found == Findings(matched=len(log.commands))


@pytest.mark.parametrize("seed", range(20))
async def test_a_changed_byte_is_found_where_it_is(seed: int) -> None:
    log, random = played(), Random(seed)
    place = random.randrange(1, len(log.outcomes))
    value = bytearray(log.outcomes[place].value or b"")
    value[random.randrange(len(value))] ^= 1
    log.outcomes[place] = log.outcomes[place].but(value=bytes(value))
    found = await verified(log)
    assert found.difference is not None
    assert (found.difference.kind, found.difference.outcome_offset) == ("bytes", place)
    assert found.matched == found.difference.command_offset == place - 1
    assert not document([found])["equal"]


async def test_a_changed_key_is_found() -> None:
    log = played()
    log.outcomes[5] = log.outcomes[5].but(key=b"another")
    found = await verified(log)
    assert found.difference is not None
    assert found.difference.found[0] == b"another"


async def test_what_a_stale_owner_writes_is_ignored() -> None:
    log = played()
    half = len(log.commands) // 2
    commands, log.outcomes = log.commands, []
    stale = log.owner("stale")
    log.judge(stale, commands[:half])
    log.owner("new")
    log.judge(stale, commands[half : half + 5])
    written = len(log.outcomes)
    heir = log.owner("heir", half - 1, stale_state(log, half))
    log.judge(heir, commands[half:])
    found = await verified(log)
    assert found.difference is None
    assert found.matched == len(commands)
    assert found.ignored == {"stale_fence": 5}
    assert written == half + 7


def stale_state(log: Partition, half: int) -> State:
    """The state after the first half, judged apart."""
    apart = Partition(commands=log.commands[:half])
    owner = apart.owner("apart")
    apart.judge(owner)
    return owner.state


async def test_commands_without_an_outcome_yet_are_pending() -> None:
    log = played()
    log.send(Command("late", "0" * 36, "ann", "0" * 32, Join()))
    log.send(Command("later", "0" * 36, "ann", "0" * 32, Join()))
    assert await verified(log) == Findings(matched=len(log.commands) - 2, pending=2)


async def test_a_command_that_was_skipped_is_found() -> None:
    log = played()
    log.outcomes.clear()
    owner = log.owner("first")
    log.judge(owner, log.commands[:10])
    owner.watermark += 1
    log.judge(owner, log.commands[11:])
    log.outcomes[11] = log.outcomes[11].but(headers=chained(log.outcomes[11], after=9))
    found = await verified(log)
    assert found.difference is not None
    assert (found.difference.kind, found.difference.command_offset) == ("skipped", 10)


def chained(line: Line, after: int) -> list[tuple[str, bytes]]:
    return [(name, b"%d" % after if name == "playlog-after" else value) for name, value in line.headers]


async def test_an_outcome_without_its_command_is_found() -> None:
    log = played()
    del log.commands[-1]
    found = await verified(log)
    assert found.difference is not None
    assert found.difference.kind == "headless"


async def test_unknown_rules_are_said_instead_of_judged() -> None:
    log = played()
    newer = [(name, b"2" if name == "playlog-rules" else value) for name, value in log.outcomes[3].headers]
    log.outcomes[3] = log.outcomes[3].but(headers=newer)
    found = await verified(log)
    assert found.difference is not None
    assert found.difference.kind == "rules"


async def test_people_are_shown_the_place_where_the_values_part() -> None:
    log = played()
    log.outcomes[3] = log.outcomes[3].but(
        value=(log.outcomes[3].value or b"").replace(b'"version":3', b'"version":4')
    )
    difference = (await verified(log)).difference
    assert difference is not None
    assert '"version":4' in around(difference.found[1], difference)
    assert '"version":3' in around(difference.expected[1], difference)


async def test_no_more_than_a_poll_of_outcomes_is_held() -> None:
    log, held = played(matches=10), 0
    reexecution = Reexecution(PARTITION)

    async def watched() -> AsyncIterator[tuple[int, Sequence[Line]]]:
        nonlocal held
        async for batch in polls(log.outcomes, 7):
            held = max(held, reexecution.ahead)
            yield batch

    await reexecute(reexecution, watched(), polls(log.commands, 50), len(log.commands))
    assert held == 0
