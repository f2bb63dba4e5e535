"""The pipelined connection: replies find their commands, a turn's commands go together, a lost server is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from infra.redis_client import client
from infra.redis_line import Away, Line, ServerError
from infra.stack.trial import Trial

pytestmark = pytest.mark.stack
SECONDS = 20.0


class Opened:
    """A line, and what it was told."""

    def __init__(self, url: str) -> None:
        self.messages: list[tuple[bytes, bytes]] = []
        self.opened = 0
        self.line = Line(url, "line", lambda *message: self.messages.append(message), self._on_open)

    def _on_open(self) -> None:
        self.opened += 1


@pytest.fixture
async def opened(stack: Trial) -> AsyncIterator[Opened]:
    one, stop = Opened(stack.redis_url), asyncio.Event()
    running = asyncio.create_task(one.line.run(stop))
    await until(lambda: one.line.up)
    yield one
    stop.set()
    await running


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.01)


async def test_replies_find_their_commands_whatever_was_sent_together(opened: Opened) -> None:
    call = opened.line.call
    sent: list[Awaitable[object]] = [call("ECHO", str(number)) for number in range(500)]
    assert await asyncio.gather(*sent) == [b"%d" % number for number in range(500)]
    assert await call("ECHO", 7) == b"7"


async def test_commands_keep_their_order_over_many_turns_of_the_loop(opened: Opened) -> None:
    async def push(number: int) -> None:
        for _ in range(number % 7):
            await asyncio.sleep(0)
        await opened.line.call("RPUSH", "line:order", number)

    await opened.line.call("DEL", "line:order")
    begun = [opened.line.call("RPUSH", "line:order", number) for number in range(3)]
    await asyncio.sleep(0)
    begun += [opened.line.call("RPUSH", "line:order", number) for number in range(3, 6)]
    await asyncio.gather(*begun)
    await asyncio.gather(*map(push, range(6, 50)))
    found = await opened.line.call("LRANGE", "line:order", 0, -1)
    assert found[:6] == [b"%d" % number for number in range(6)]
    assert sorted(map(int, found)) == list(range(50))


async def test_an_error_reply_reaches_its_own_command_alone(opened: Opened) -> None:
    call = opened.line.call
    good, bad, after = call("ECHO", "a"), call("EVALSHA", "0" * 40, 0), call("ECHO", "b")
    with pytest.raises(ServerError, match=r"^NOSCRIPT"):
        await bad
    assert (await good, await after) == (b"a", b"b")


async def test_a_reply_that_nobody_waits_for_any_more_moves_no_other_one(opened: Opened) -> None:
    given_up = opened.line.call("ECHO", "a")
    given_up.cancel()
    assert await opened.line.call("ECHO", "b") == b"b"


async def test_messages_come_between_replies(opened: Opened) -> None:
    await opened.line.call("SUBSCRIBE", "line:channel")
    assert await opened.line.call("PUBLISH", "line:channel", b"news") == 1
    await until(lambda: bool(opened.messages))
    assert opened.messages == [(b"line:channel", b"news")]


async def test_a_lost_connection_fails_what_waits_and_is_made_again(opened: Opened, stack: Trial) -> None:
    number = await opened.line.call("CLIENT", "ID")
    waiting = [opened.line.call("BLPOP", "line:never", 0), opened.line.call("PING")]
    other = client(stack.redis_url, "test")
    await other.client_kill_filter(_id=str(number))
    await other.aclose()
    for reply in waiting:
        with pytest.raises(Away):
            await reply
    await until(lambda: opened.opened == 2 and opened.line.up)
    assert await opened.line.call("PING") == b"PONG"


async def test_without_a_connection_a_command_fails_at_once() -> None:
    with pytest.raises(Away):
        await Line("redis://127.0.0.1:1/0", "line").call("PING")
