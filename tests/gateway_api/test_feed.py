"""A followed match: what hints show at once, what is read, and what an old hint must not show."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import orjson
import pytest

from gateway_api.feed import Feed
from gateway_api.names import Names
from infra.redis_line import Away, Line, Reply
from tests.gateway_api.double import new_view

ANN, BOB = "ann", "bob"


class Asked(Line):
    """A line whose replies the test gives; names are known at once."""

    def __init__(self) -> None:
        self.calls: list[tuple[tuple[Any, ...], Reply]] = []

    def call(self, *arguments: Any) -> Reply:
        reply: Reply = asyncio.get_running_loop().create_future()
        if arguments[0] == "MGET":
            reply.set_result([b"Name"] * (len(arguments) - 1))
        else:
            self.calls.append((arguments, reply))
        return reply


class Followed:
    """A feed with a listener that notes the versions it was woken for."""

    def __init__(self) -> None:
        self.line, self.woken, self._tasks = Asked(), list[int](), set[asyncio.Task[None]]()
        self.names = Names(self.line, self._nobody)
        self.feed = Feed("match", self.line, self.names, self._spawn)
        self.feed.listeners.add(self)
        for player in (ANN, BOB):
            self.feed.users += 1
            self.feed.players[player] += 1

    async def _nobody(self, _players: list[str]) -> dict[str, str]:
        return {}

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.add(asyncio.create_task(work))

    def wake(self) -> None:
        assert self.feed.newest is not None
        self.woken.append(self.feed.newest.version)

    async def begun(self, version: int = 1) -> "Followed":
        """After the first look, with both players' parts read and all names known."""
        await self.names.of([ANN, BOB])
        self.feed.refresh()
        await self.answers(version)
        await self.answers(version)
        self.woken.clear()
        return self

    async def answers(self, version: int, **private: bytes) -> None:
        """Redis answers the oldest read."""
        (_, _, _, _, *fields), reply = self.line.calls.pop(0)
        parts = [private.get(field.replace("private:", "seat")) for field in fields]
        reply.set_result([b"%d" % version, orjson.dumps(view(version)), *parts])
        await asyncio.sleep(0)

    @property
    def fields(self) -> list[str]:
        """What the one read under way asks for."""
        ((arguments, _),) = self.line.calls
        return list(arguments[4:])

    def sees(self, seat: int) -> Any:
        """The seat's own part as it would be shown; None where nothing can be shown yet."""
        newest = self.feed.newest
        assert newest is not None
        return orjson.loads(newest.view(seat, {}))["mine"] if newest.knows(seat) else "unknown"


def view(version: int) -> dict[str, Any]:
    return {**new_view("match", "rps", [ANN, BOB]), "version": version}


def hint(version: int, seats: list[int], *, shown: bool = True) -> dict[str, Any]:
    more = {"seats": seats, "public": view(version)} if shown else {}
    return {"version": version, "command": "c", "status": "accepted", "code": None, "digest": "d", **more}


async def test_a_view_without_secrets_is_shown_from_the_hint_alone() -> None:
    followed = await Followed().begun()
    followed.feed.hinted(hint(2, []))
    assert followed.woken == [2]
    assert not followed.line.calls
    assert (followed.sees(0), followed.sees(1)) == (None, None)


async def test_only_who_has_a_secret_waits_for_a_read() -> None:
    followed = await Followed().begun()
    followed.feed.hinted(hint(2, [0]))
    assert (followed.sees(0), followed.sees(1)) == ("unknown", None)
    assert followed.fields == ["private:0", "private:1"]
    await followed.answers(2, seat0=b'{"shape":"rock"}')
    assert (followed.sees(0), followed.sees(1)) == ({"shape": "rock"}, None)
    assert followed.woken == [2, 2]


async def test_a_secret_of_somebody_who_is_served_elsewhere_is_not_read() -> None:
    followed = await Followed().begun()
    del followed.feed.players[ANN]
    followed.feed.hinted(hint(2, [0]))
    assert not followed.line.calls
    assert (followed.sees(0), followed.sees(1)) == ("unknown", None)


async def test_while_a_first_look_is_under_way_no_hint_shows_anything() -> None:
    """It may have waited in the socket while its client has seen more through another gateway."""
    followed = await Followed().begun()
    followed.feed.refresh()
    followed.feed.hinted(hint(2, []))
    assert not followed.woken
    await followed.answers(5)
    assert followed.woken == [5]
    followed.feed.hinted(hint(3, []))
    assert followed.feed.newest is not None
    assert followed.feed.newest.version == 5


async def test_a_look_waits_for_a_read_that_began_after_it() -> None:
    """Found by simulation: a stream resumed at 6 was sent version 5, which a slow read had brought from before."""
    followed = await Followed().begun(4)
    followed.feed.refresh()
    look = asyncio.create_task(followed.feed.look())
    await asyncio.sleep(0)
    await followed.answers(5)
    assert not look.done()
    await followed.answers(6)
    await asyncio.wait_for(look, 1)
    assert followed.woken == [5, 6]


async def test_a_look_ends_when_the_read_before_it_fails() -> None:
    followed = await Followed().begun()
    followed.feed.refresh()
    look = asyncio.create_task(followed.feed.look())
    await asyncio.sleep(0)
    followed.line.calls.pop()[1].set_exception(Away("gone"))
    await asyncio.wait_for(look, 1)
    assert followed.feed.away


async def test_a_hint_without_a_view_is_read() -> None:
    followed = await Followed().begun()
    followed.feed.hinted(hint(2, [], shown=False))
    await followed.answers(2)
    assert followed.woken == [2]


async def test_a_secret_that_could_not_be_read_is_asked_for_at_the_next_poll() -> None:
    followed = await Followed().begun()
    followed.feed.hinted(hint(2, [0]))
    followed.line.calls.pop()[1].set_exception(Away("gone"))
    await asyncio.sleep(0)
    assert followed.feed.away
    assert followed.feed.is_behind(2)
    followed.feed.refresh()
    await followed.answers(2, seat0=b"1")
    assert not followed.feed.is_behind(2)
    assert followed.sees(0) == 1


@pytest.mark.parametrize("stale", [1, 2])
async def test_nothing_older_replaces_what_is_shown(stale: int) -> None:
    followed = await Followed().begun(2)
    followed.feed.hinted(hint(stale, []))
    followed.feed.refresh()
    await followed.answers(stale)
    assert not followed.woken
