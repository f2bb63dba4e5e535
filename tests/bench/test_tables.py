"""A measured match sends its commands one after the other, however late an answer is."""

import asyncio
from random import Random
from typing import Any

from bench.moves import Load
from bench.tables import Table


class Slow:
    """A player whose commands are answered when the test says so."""

    def __init__(self, sent: list[bytes]) -> None:
        self.sent = sent
        self.answered = asyncio.Event()

    async def post(self, _: str, body: bytes) -> Any:
        self.sent.append(body)
        await self.answered.wait()
        return type("Answer", (), {"status": 202})


async def test_given_a_late_answer_then_the_match_s_next_move_waits_and_still_counts_from_its_time() -> None:
    sent: list[bytes] = []
    players = Slow(sent), Slow(sent)
    table, load = Table(players, None, Random(1)), Load(warm=0)  # type: ignore[arg-type]
    for index in range(2):
        load.begin(table, index, intended=1.0)
    async with asyncio.timeout(5):
        while not sent:
            await asyncio.sleep(0)
        assert len(sent) == 1  # both tasks have had their turn
        for player in players:
            player.answered.set()
        while len(load.answers) < 2:
            await asyncio.sleep(0)
    assert len(sent) == 2
    versions = [version for version, _, _ in table.waiting[0]]
    assert versions == sorted(versions)
    assert all(intended == 1.0 for _, _, intended in table.waiting[0])
