"""The matches that a gateway follows: a subscription that Redis did not take is asked for again."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from gateway_api import matches
from gateway_api.matches import Matches
from gateway_api.names import Names
from infra.redis_line import Away, Line, Reply
from schemas import keys


class Full(Line):
    """A line that takes only so many subscriptions and answers no read."""

    def __init__(self, room: int) -> None:
        self.room, self.heard = room, Counter[Any]()

    def call(self, *arguments: Any) -> Reply:
        reply: Reply = asyncio.get_running_loop().create_future()
        if arguments[0] == "SUBSCRIBE" and self.room > 0:
            self.room -= 1
            self.heard[arguments[1]] += 1
            reply.set_result([b"subscribe", arguments[1], 1])
        elif arguments[0] == "SUBSCRIBE":
            reply.set_exception(Away("full"))
        return reply


async def test_given_a_subscription_that_was_not_taken_then_it_is_asked_for_again_until_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(matches, "POLL_SECONDS", 0.02)
    line, stop = Full(room=3), asyncio.Event()

    async def nobody(_: list[str]) -> dict[str, str]:
        return {}

    followed = Matches(line, Names(line, nobody))
    polling = asyncio.create_task(followed.run(stop))
    async with followed.followed("first", "ann"), followed.followed("second", "ann"):
        followed.on_open()  # one of the two is not taken
        line.room = 1
        async with asyncio.timeout(10):
            while sorted(line.heard.values()) != [2, 2]:
                await asyncio.sleep(0.01)
        assert set(line.heard) == {keys.match(match).encode() for match in ("first", "second")}
    stop.set()
    await polling
