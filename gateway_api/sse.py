"""An event stream as one ASGI response: the shell around `stream`'s decisions."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Container
from dataclasses import dataclass
from typing import Any

import structlog
from fastapi import Request, Response

from gateway_api import stream
from gateway_api.feed import Feed
from gateway_api.limits import Slots
from gateway_api.matches import Matches
from gateway_api.stream import Do, Newest, Position
from gateway_api.views import Snapshot
from infra.http.problems import Problem, respond
from infra.metrics import SSE_DROPPED, SSE_SENT
from infra.tasks import until

log = structlog.get_logger()
ROUND_SECONDS = 0.5
SEND_SECONDS = 10.0  # a reader that takes no bytes for so long is dropped
MOST_SECONDS = 15 * 60.0  # then the client reconnects, and is authorised anew
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]
# Waits until the feed has something to show. Whether that is surely the newest; problems for an unknown match.
Look = Callable[[Feed], Awaitable[bool]]
LAST_WORDS = {Do.END: stream.END, Do.EXPIRED: stream.EXPIRED}


def _never(_data: bytes) -> bool:
    """Where the server has no way past ASGI."""
    return False


@dataclass(frozen=True)
class Audience:
    """Who listens to which match. `expires`: of the token, Unix seconds; `address` None: not limited."""

    match: str
    player: str
    session: str
    last_event_id: int
    expires: int
    address: str | None


class Streams:
    """All streams of this process: opens them, wakes those that are due, ends them when the process stops.

    ended: sessions whose streams must end.
    """

    def __init__(self, matches: Matches, slots: Slots, ended: Container[str] = frozenset()) -> None:
        self.matches, self.slots, self._ended = matches, slots, ended
        self.stopping = False
        self._live: set[Stream] = set()

    def open(self, request: Request, audience: Audience, look: Look) -> Response:
        """The response to return from a route; `look` takes the first look at the match."""
        return StreamResponse(self, request, audience, look)

    def add(self, live: "Stream") -> None:
        self._live.add(live)

    def remove(self, live: "Stream") -> None:
        self._live.discard(live)

    def end(self) -> None:
        """Ask all streams to end now; clients reconnect elsewhere."""
        self.stopping = True
        for live in self._live:
            live.wake()

    async def run(self, stop: asyncio.Event) -> None:
        """Wake the streams that have something due, a comment or an expiry, and those whose session has ended."""
        while not await until(stop, ROUND_SECONDS):
            now = time.monotonic()
            for live in self._live:
                if live.session in self._ended:
                    live.position.expires = now
                if live.position.due <= now:
                    live.wake()


class StreamResponse(Response):
    """Slots and subscriptions are held by the ASGI call, so that whatever ends it gives them back."""

    def __init__(self, streams: Streams, request: Request, audience: Audience, look: Look) -> None:
        super().__init__()
        self._streams, self._request, self._audience, self._look = streams, request, audience, look

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        audience, streams = self._audience, self._streams
        try:
            with streams.slots.slot(audience.player, audience.address):
                async with streams.matches.followed(audience.match, audience.player) as feed:
                    certain = await self._look(feed)
                    await Stream(streams, feed, audience, scope, send).run(receive, certain)
        except Problem as problem:
            await respond(self._request, problem)(scope, receive, send)


class Stream:
    """One connection. While nothing is in the way, `wake` itself writes a new view: no task is woken for it, which
    would cost three times as much. All else its task sends, so a slow reader holds up nobody.
    """

    def __init__(self, streams: Streams, feed: Feed, audience: Audience, scope: Any, send: Any) -> None:
        self._streams, self._feed, self._audience = streams, feed, audience
        self.session = audience.session
        self._scope, self._send = scope, send
        self._write_now = scope.get("extensions", {}).get("playlog.write", _never)
        self._woken = asyncio.Event()
        self._idle = self._gone = False
        now = time.monotonic()
        lifetime = min(audience.expires - time.time(), MOST_SECONDS)
        self.position = Position(sent=audience.last_event_id, wrote=now, expires=now + lifetime)

    def wake(self) -> None:
        if self._idle and not self._woken.is_set():
            try:
                if self._handled_now():
                    return
            except Exception:  # the task meets it again, where it ends this stream alone
                log.debug("stream_left_to_its_task", match_id=self._audience.match)
        self._woken.set()

    def _handled_now(self) -> bool:
        """Whether nothing is left to be done, after writing a new view if that needs no wait."""
        todo, snapshot = self._decide(), self._feed.newest
        if todo is not Do.VIEW or snapshot is None or not self._write_now(self._frame(snapshot)):
            return todo is Do.WAIT
        self.position.sent, self.position.wrote = snapshot.version, time.monotonic()
        SSE_SENT.inc()
        return not snapshot.terminal

    async def run(self, receive: Any, certain: bool) -> None:
        """Send until the end, the client's departure or the reader's deadline."""
        if (newest := self._feed.newest) is not None:
            self.position.sent = stream.resumed_at(self.position.sent, newest.version, certain)
        departure = asyncio.create_task(self._departure(receive))
        self._feed.listeners.add(self)
        self._streams.add(self)
        try:
            await self._pump()
        except TimeoutError:
            self._drop()
        finally:
            self._streams.remove(self)
            self._feed.listeners.discard(self)
            departure.cancel()

    async def _pump(self) -> None:
        async with asyncio.timeout(SEND_SECONDS):
            await self._send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await self._write(stream.retry_frame(random.random()))
        while not self._gone:
            todo = self._decide()
            if todo is Do.WAIT:
                self._idle = True
                await self._woken.wait()
                self._idle = False
                self._woken.clear()
            elif todo is Do.VIEW and (snapshot := self._feed.newest):
                self.position.sent = snapshot.version
                await self._write(self._frame(snapshot))
                SSE_SENT.inc()
            elif todo is Do.COMMENT:
                await self._write(stream.COMMENT)
            else:
                await self._write(LAST_WORDS.get(todo, b""), more=False)
                return

    def _decide(self) -> Do:
        return stream.decide(self.position, self._newest(), time.monotonic(), self._streams.stopping)

    def _newest(self) -> Newest | None:
        """What this audience can be shown; nothing while its own part is still to be read."""
        snapshot = self._feed.newest
        if snapshot is None or not snapshot.knows(snapshot.seat_of(self._audience.player)):
            return None
        return Newest(snapshot.version, snapshot.terminal)

    def _frame(self, snapshot: Snapshot) -> bytes:
        return snapshot.frame(snapshot.seat_of(self._audience.player), self._feed.names)

    async def _write(self, data: bytes, more: bool = True) -> None:
        async with asyncio.timeout(SEND_SECONDS):
            await self._send({"type": "http.response.body", "body": data, "more_body": more})
        self.position.wrote = time.monotonic()

    async def _departure(self, receive: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        self._woken.set()

    def _drop(self) -> None:
        """Cut the connection: what the reader has not taken would otherwise wait in the socket for ever."""
        SSE_DROPPED.labels("slow").inc()
        log.info("stream_dropped", reason="slow", match_id=self._audience.match)
        if abort := self._scope.get("extensions", {}).get("playlog.abort"):
            abort()
