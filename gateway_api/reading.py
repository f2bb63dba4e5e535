"""One match, read for one caller: from Redis, and from PostgreSQL where Redis has forgotten it."""

from gateway_api.answers import unknown_match
from gateway_api.feed import Feed
from gateway_api.names import Names
from gateway_api.store import PostgresAway, Store
from gateway_api.views import Snapshot, from_redis
from infra.http.problems import away
from infra.kafka.client import partition_of
from infra.redis_line import Line, ServerError
from schemas import keys
from schemas.progress import read_saved
from schemas.topics import PARTITIONS

# One step, so that neither an emptying nor the end of a rebuild falls between the two answers.
ABSENT = "return {redis.call('EXISTS', KEYS[1]), redis.call('GET', KEYS[2]) or ''}"


class Reading:
    """Newest snapshots. Redis being away is a 503 problem, not an older answer from elsewhere.

    Whoever saw the result of a command must not read a view from before it.
    """

    def __init__(self, line: Line, store: Store, names: Names) -> None:
        self._line, self._store, self._names = line, store, names

    async def newest(self, match: str, player: str) -> tuple[Snapshot, dict[str, str]]:
        """The snapshot with the player's own seat's part, and the names it needs; 404 and 503 problems."""
        try:
            snapshot = await self._redis(match, ())
            if snapshot is not None and (seat := snapshot.seat_of(player)) is not None:
                snapshot = await self._redis(match, (seat,))
        except (OSError, ServerError):
            raise away("redis") from None
        snapshot = snapshot or await self._stored(match)
        return snapshot, await self._names.of(snapshot.players)

    async def first_look(self, feed: Feed) -> bool:
        """Wait until a feed has something to show; False where it may be older than what a client has seen."""
        await feed.look()
        if feed.newest is not None:
            return feed.certain and not feed.away
        if feed.away:
            raise away("redis")
        snapshot = await self._stored(feed.match)
        feed.fall_back(snapshot, await self._names.of(snapshot.players))
        return False

    async def _is_incomplete(self, match: str) -> bool:
        """Whether Redis lacks the match's whole partition, or has got the match meanwhile."""
        progress = keys.progress(partition_of(match.encode(), PARTITIONS))
        try:
            there, read = await self._line.call("EVAL", ABSENT, 2, keys.match(match), progress)
        except (OSError, ServerError):
            raise away("redis") from None
        saved = read_saved(read or b"")
        return there != 0 or saved is None or saved.rebuild is not None

    async def _redis(self, match: str, seats: tuple[int, ...]) -> Snapshot | None:
        fields = (f"private:{seat}" for seat in seats)
        return from_redis(await self._line.call("HMGET", keys.match(match), "version", "public", *fields), seats)

    async def _stored(self, match: str) -> Snapshot:
        """What PostgreSQL knows of a match that has expired in Redis.

        A Redis that was emptied says nothing about a match until its partition is rebuilt: what the sink has
        stored may be older than what the player has seen, and no seat's own part is in it.
        """
        if await self._is_incomplete(match):
            raise away("redis")
        try:
            found = await self._store.view(match)
        except PostgresAway:
            raise away("postgres") from None
        if found is None:
            raise unknown_match()
        return Snapshot(*found)
