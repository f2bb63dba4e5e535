"""Commands are held for each other only while many come, and never for long."""

import asyncio
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from gateway_api.gather import BUSY_PER_SECOND, FULL_PER_SECOND, HOLD_SECONDS, Gather, Rate, hold
from gateway_api.submit import Submit
from infra.clock import ManualClock
from schemas.command import Command
from schemas.match import Join


def test_the_rate_is_that_of_the_last_whole_window() -> None:
    rate = Rate(1.0)
    assert [rate.count(10 + step / 4) for step in range(4)] == [0, 0, 0, 0]
    assert rate.count(11) == 4
    assert rate.count(11.5) == 4
    assert rate.count(12) == 2


@given(st.lists(st.floats(0.001, 10), min_size=1, max_size=60))
def test_the_rate_is_never_above_what_came(gaps: list[float]) -> None:
    rate, now = Rate(1.0), 0.0
    for came, gap in enumerate(gaps):
        now += gap
        assert rate.count(now) <= came + 1


def test_the_more_come_the_longer_they_are_held_up_to_a_limit() -> None:
    assert hold(0) == hold(BUSY_PER_SECOND) == 0
    assert 0 < hold(550) < hold(700) < HOLD_SECONDS
    assert hold(FULL_PER_SECOND) == hold(1e9) == HOLD_SECONDS


class Steady(Rate):
    """As many a second as the test says."""

    def __init__(self, a_second: float) -> None:
        super().__init__()
        self._a_second = a_second

    def count(self, now: float) -> float:
        return self._a_second


async def test_few_commands_wait_for_nothing() -> None:
    gather = Gather()
    async with asyncio.timeout(10):
        for _ in range(20):
            await gather.together()


async def test_many_go_together_also_where_one_of_them_gives_up() -> None:
    gather, order = Gather(lambda _rate: 0.05, Steady(1000)), list[str]()

    async def one(name: str) -> None:
        await gather.together()
        order.append(name)

    tasks = [asyncio.create_task(one(str(number))) for number in range(5)]
    await asyncio.sleep(0)
    tasks[2].cancel()
    async with asyncio.timeout(10):
        await asyncio.gather(*tasks, return_exceptions=True)
        assert order == ["0", "1", "3", "4"]
        await one("later")


async def test_given_a_burst_then_it_is_held_until_it_is_as_much_as_a_hold_brings() -> None:
    gather, gone = Gather(lambda _rate: 3600.0, Steady(5 / 3600)), list[int]()

    async def one(number: int) -> None:
        await gather.together()
        gone.append(number)

    tasks = [asyncio.create_task(one(number)) for number in range(12)]
    done, waiting = await asyncio.wait(tasks, timeout=0.2)
    assert (len(done), len(waiting)) == (10, 2)
    more = [asyncio.create_task(one(number)) for number in range(3)]
    async with asyncio.timeout(10):
        await asyncio.gather(*tasks, *more)
    assert len(gone) == 15


class Log:
    """A log that notes what is appended."""

    def __init__(self) -> None:
        self.found: list[bytes | None] = []

    async def append(self, record: Any) -> None:
        self.found.append(record.key)


async def test_given_many_commands_then_they_are_held_while_redis_is_asked() -> None:
    log, loop = Log(), asyncio.get_running_loop()
    nothing = cast(Any, None)
    gather = Gather(lambda _rate: 0.05, Steady(1000))
    submit = Submit(nothing, nothing, cast(Any, log), ManualClock(), gather)
    asked: list[asyncio.Future[bytes | None]] = [loop.create_future() for _ in range(3)]
    began = loop.time()
    tasks = [
        asyncio.create_task(submit(Command(f"c{n}", f"m{n}", "ann", "0" * 32, Join()), reply, "", None))
        for n, reply in enumerate(asked)
    ]
    for reply in asked:
        reply.set_result(None)
    async with asyncio.timeout(10):
        await asyncio.gather(*tasks)
    assert log.found == [b"m0", b"m1", b"m2"]
    assert loop.time() - began >= 0.04
