"""The matches that this gateway follows now: one subscription and one snapshot each, whoever wants them."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import orjson
import structlog

from gateway_api.feed import Feed
from gateway_api.names import Names
from infra.redis_line import Line, Reply, consume
from infra.tasks import until
from schemas import keys

log = structlog.get_logger()
POLL_SECONDS = 1.0  # a lost hint costs at most this
LINGER_SECONDS = 5.0  # a feed that nobody uses stays subscribed for the next command


class Matches:
    """Feeds by match id. Hints are only hints: all feeds are asked for their version once a second as well."""

    def __init__(self, line: Line, names: Names) -> None:
        self._line, self._names = line, names
        self._feeds: dict[bytes, Feed] = {}
        self._unheard: set[bytes] = set()  # Redis did not take their subscriptions: the line was full, or away
        self._tasks: set[asyncio.Task[Any]] = set()

    @asynccontextmanager
    async def followed(self, match: str, player: str) -> AsyncIterator[Feed]:
        """A feed that is subscribed as long as the block runs; on this line, every later read is behind it."""
        feed = self._feed(match)
        feed.users += 1
        feed.players[player] += 1
        try:
            yield feed
        finally:
            feed.users -= 1
            feed.players[player] -= 1
            if not feed.players[player]:
                del feed.players[player]
            feed.idle_since = asyncio.get_running_loop().time()

    def on_message(self, channel: bytes, payload: bytes) -> None:
        """A hint arrived."""
        feed = self._feeds.get(channel)
        if feed is None:
            return
        try:
            hint = orjson.loads(payload)
            feed.hinted(hint)
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            log.error("hint_unreadable", match_id=feed.match)

    def on_open(self) -> None:
        """A new connection to Redis knows no subscriptions, and hints were missed meanwhile."""
        for channel, feed in self._feeds.items():
            self._subscribe(channel)
            feed.refresh()

    async def run(self, stop: asyncio.Event) -> None:
        """Poll versions and let unused feeds go, until `stop`."""
        while not await until(stop, POLL_SECONDS):
            now = asyncio.get_running_loop().time()
            unheard, self._unheard = self._unheard, set()
            for channel in unheard & self._feeds.keys():
                self._subscribe(channel)
            for channel, feed in list(self._feeds.items()):
                if feed.users:
                    self._poll(feed, now)
                elif now - feed.idle_since > LINGER_SECONDS:
                    del self._feeds[channel]
                    self._line.call("UNSUBSCRIBE", channel).add_done_callback(consume)

    def _feed(self, match: str) -> Feed:
        channel = keys.match(match).encode()
        feed = self._feeds.get(channel)
        if feed is None:
            feed = self._feeds[channel] = Feed(match, self._line, self._names, self._spawn)
            self._subscribe(channel)
        return feed

    def _subscribe(self, channel: bytes) -> None:
        self._line.call("SUBSCRIBE", channel).add_done_callback(partial(self._subscribed, channel))

    def _subscribed(self, channel: bytes, reply: Reply) -> None:
        if reply.cancelled() or reply.exception():
            self._unheard.add(channel)

    def _poll(self, feed: Feed, now: float) -> None:
        if now - feed.read_at >= POLL_SECONDS / 2:
            self._line.call("HGET", feed.key, "version").add_done_callback(partial(self._polled, feed))

    def _polled(self, feed: Feed, reply: Reply) -> None:
        if reply.cancelled() or reply.exception() or (version := reply.result()) is None:
            return
        if feed.is_behind(int(version)):
            feed.refresh()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("feed_failed", error=type(error).__name__, exc_info=error)
