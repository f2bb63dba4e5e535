"""The way of a command: taken once, appended to the log, and its result awaited where the caller wants that."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

import structlog

from gateway_api.answers import Result, rejected
from gateway_api.commands_log import CommandsLog
from gateway_api.feed import Feed, Waiter
from gateway_api.gather import Gather
from gateway_api.matches import Matches
from infra.clock import Clock
from infra.redis_line import Line, Reply, ServerError, consume
from schemas import keys
from schemas.codec import digest
from schemas.command import Command, encode_command
from schemas.rejections import Code
from schemas.result import read_result

log = structlog.get_logger()
SOURCE = "/playlog/gateway"
POLL_SECONDS = 0.6  # how soon a lost hint is made good
AGAIN_SECONDS = 0.1  # between two looks at a Redis that is away
REDIS_AWAY = (OSError, ServerError)


class Viewed(NamedTuple):
    """The caller's view after the command: MatchView as JSON, with its version and the caller's seat."""

    version: int
    seat: int | None
    body: bytes


class Submit:
    """Takes commands. The engine is the authority on repeats, so that a lost Redis changes nothing.

    A command is appended again unless its result is known already.
    """

    def __init__(
        self, matches: Matches, line: Line, commands: CommandsLog, clock: Clock, gather: Gather | None = None
    ) -> None:
        self._matches, self._line, self._commands, self._clock = matches, line, commands, clock
        self._gather = gather or Gather()

    def ask(self, command: str) -> Reply:
        """Ask for the stored result while the request is still being read; pass the reply to the call."""
        reply = self._line.call("GET", keys.command(command))
        reply.add_done_callback(consume)
        return reply

    async def __call__(self, command: Command, asked: Reply, trace: str, wait: int | None) -> Viewed | None:
        """Append a command; with `wait` (seconds) the view that came of it, None when it was not ready in time.

        Raises the rejection's problem, and LogAway when nobody knows whether the log has it.

        1. subscribe; 2. gather with others; 3. a known result answers; 4. append; 5. wait for the hint, or for the
        stored result where the hint was lost; 6. wait until the snapshot is as new as the result.
        """
        mark = digest(command.word)
        if wait is None:
            result = await self._gathered(asked, mark)
            if result is None:
                await self._append(command, trace)
            elif result.code == Code.KEY_REUSED:
                raise rejected(result.code)
            return None
        until = asyncio.get_running_loop().time() + wait
        async with self._matches.followed(command.key, command.player) as feed:
            with feed.waiting(command.id, Waiter(mark)) as waiter:
                result = await self._gathered(asked, mark)
                if result is None:
                    await self._append(command, trace)  # with a deadline of its own: 202 means that the log has it
                try:
                    async with asyncio.timeout_at(until):
                        result = result or await self._result(command.id, waiter)
                        return await _answer(feed, command.player, result)
                except TimeoutError:
                    return None

    async def _gathered(self, asked: Reply, mark: str) -> Result | None:
        """The stored result, if there is one; held with others for the log meanwhile."""
        await self._gather.together()
        return await known(asked, mark)

    async def _append(self, command: Command, trace: str) -> None:
        await self._commands.append(encode_command(command, self._clock.now_ms(), SOURCE, trace))

    async def _result(self, command: str, waiter: Waiter) -> Result:
        while True:
            await asyncio.wait({waiter.result}, timeout=POLL_SECONDS)
            if waiter.result.done():
                return result_of(waiter.result.result(), waiter.digest)
            if (result := await known(self.ask(command), waiter.digest)) is not None:
                return result


async def known(asked: Reply, mark: str) -> Result | None:
    """The stored result, if there is one and Redis answers."""
    try:
        stored = await asked
    except REDIS_AWAY:
        return None
    found = read_result(stored)
    return None if found is None else result_of(found, mark)


def result_of(stored: Mapping[str, Any], mark: str) -> Result:
    """A published result; of another body under the same id it is `key_reused`."""
    if stored["digest"] != mark:
        return Result(False, stored["version"], Code.KEY_REUSED)
    return Result(stored["status"] == "accepted", stored["version"], stored["code"])


async def _answer(feed: Feed, player: str, result: Result) -> Viewed:
    """The caller's view once it is as new as the result, own seat's part included; a rejection's problem."""
    if not result.accepted:
        raise rejected(result.code)
    while True:
        snapshot = feed.newest
        if snapshot is not None and snapshot.version >= result.version:
            seat = snapshot.seat_of(player)
            if snapshot.knows(seat):
                return Viewed(snapshot.version, seat, snapshot.view(seat, feed.names))
        feed.refresh()
        await feed.changed()
        if feed.away:  # a line that is down answers at once
            await asyncio.sleep(AGAIN_SECONDS)
