"""Stands for engine and session worker in the gateway's tests: judges commands by a toy rule, publishes to Redis.

Commands are read from the real topic. What it writes to Redis has the form that the session worker writes.
"""

import asyncio
from collections import defaultdict
from typing import Any

import orjson
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from redis.asyncio import Redis

from infra.kafka.client import reader
from infra.kafka.group import close
from infra.redis_client import AWAY
from schemas import keys
from schemas.codec import digest
from schemas.command import Command, decode_command
from schemas.match import COMPUTER, Create, Join, Play, Resign
from schemas.topics import MATCHES, PARTITIONS

PROGRESS = b'{"next": 0, "fence": null, "watermark": -1, "crc": 0}'  # of an empty partition; it stays so
CONSUMERS = 20  # one after another, in all: a fetch that times out may end aiokafka's fetcher for good
DEADLINE = "2030-01-01T00:00:00.000Z"


class Double:
    """`records` are all commands read so far, repeats included. `hints` off: hints are lost.

    `shown` off: hints carry no views.
    """

    def __init__(self, redis: Redis, servers: str) -> None:
        self.redis, self._servers = redis, servers
        self.records: defaultdict[str, list[Any]] = defaultdict(list)
        self.matches: dict[str, dict[str, Any]] = {}
        self.secrets: dict[str, dict[int, Any]] = {}
        self.results: dict[str, dict[str, Any]] = {}
        self.hints = self.shown = True
        self.paused = asyncio.Event()
        self.paused.set()
        self.started = asyncio.Event()
        self.consumer: Any = None
        self._next: dict[TopicPartition, int] = {}

    async def run(self) -> None:
        """Read until cancelled; a consumer that fails is replaced by one that reads on from where it was."""
        for left in reversed(range(CONSUMERS)):
            self.consumer = reader(self._servers)
            try:
                await self.consumer.start()
                await self._read()
            except (KafkaError, OSError):
                if not left:
                    raise
                await asyncio.sleep(0.2)
            finally:
                await close(self.consumer)
                await self.consumer._client.close()  # stop() leaves it open where the fetcher has died

    async def _read(self) -> None:
        places = [TopicPartition(MATCHES.commands, p) for p in range(PARTITIONS)]
        self.consumer.assign(places)
        if not self._next:
            await self._begin(places)
        for place, offset in self._next.items():
            self.consumer.seek(place, offset)
        while True:
            batches = await self.consumer.getmany(timeout_ms=200)
            for place, records in batches.items():
                for record in records:
                    await self.paused.wait()
                    await self._take(record)
                    self._next[place] = record.offset + 1
            fetching = self.consumer._fetcher.error_future
            if fetching.done():  # getmany says nothing of it, and never returns a record again
                fetching.result()

    async def _begin(self, places: list[TopicPartition]) -> None:
        for partition in range(PARTITIONS):
            await self.redis.set(keys.progress(partition), PROGRESS)
        self._next = dict(await self.consumer.end_offsets(places))
        self.started.set()

    async def _take(self, record: Any) -> None:
        command = decode_command(record.key, record.value, record.headers)
        assert isinstance(command, Command), command
        self.records[command.id].append(record)
        mark = digest(command.word)
        first = self.results.get(command.id)
        if first is None:
            code = self.judge(command)
            verdict = self._verdict(command.key, code, mark)
            self.results[command.id] = {**verdict, "match": command.key, "cause": record.offset}
        elif first["digest"] == mark:
            verdict = self._verdict(command.key, first["code"], mark)
        else:
            verdict = self._verdict(command.key, "key_reused", mark)
        while True:
            try:
                await self._publish(command, verdict)
                return
            except AWAY:
                await asyncio.sleep(0.05)

    async def _publish(self, command: Command, verdict: dict[str, Any]) -> None:
        await self.show(command.key)
        if verdict["code"] != "key_reused":
            await self.redis.set(keys.command(command.id), orjson.dumps(self.results[command.id]), nx=True)
        await self.hint(command.key, {**verdict, "command": command.id})

    def _verdict(self, match: str, code: str | None, mark: str) -> dict[str, Any]:
        version = self.matches.get(match, {}).get("version", 0)
        return {
            "status": "accepted" if code is None else "rejected",
            "version": version,
            "code": code,
            "digest": mark,
        }

    def judge(self, command: Command) -> str | None:
        """Changes the match; the code where it refuses."""
        match, word = self.matches.get(command.key), command.word
        if isinstance(word, Create):
            seats = [command.player, COMPUTER if word.options.opponent == "computer" else None]
            self.matches[command.key] = new_view(command.key, word.game, seats)
            self.secrets[command.key] = {}
            return None
        if match is None:
            return "unknown_match"
        if isinstance(word, Join):
            if match["seats"][1] is not None:
                return "match_full"
            match["seats"][1], match["status"], match["round"] = command.player, "playing", 1
        elif command.player not in match["seats"]:
            return "not_seated"
        elif isinstance(word, Play):
            seat = match["seats"].index(command.player)
            if match["moved"][seat]:
                return "already_moved"
            if word.move.get("shape") not in ("rock", "paper", "scissors"):
                return "unknown_move"
            match["moved"][seat] = True
            self.secrets[command.key][seat] = word.move
        elif isinstance(word, Resign):
            match["status"], match["ended_by"] = "ended", "resignation"
        match["version"] += 1
        return None

    async def show(self, match: str) -> None:
        """Write the snapshot."""
        view = self.matches.get(match)
        if view is None:
            return
        private: Any = {f"private:{s}": orjson.dumps(part) for s, part in self.secrets[match].items()}
        fields: Any = {
            "version": view["version"],
            "status": view["status"],
            "public": orjson.dumps(view),
            **private,
        }
        async with self.redis.pipeline() as pipe:
            pipe.delete(keys.match(match))
            pipe.hset(keys.match(match), mapping=fields)
            await pipe.execute()

    async def hint(self, match: str, body: dict[str, Any]) -> None:
        view = self.matches.get(match)
        if self.shown and view is not None and body["status"] == "accepted":
            body = {**body, "seats": sorted(self.secrets[match]), "public": view}
        if self.hints:
            await self.redis.publish(keys.match(match), orjson.dumps(body))

    async def advance(self, match: str, **changes: Any) -> int:
        """Raise the version by one as some other player's command would, and say so."""
        view = self.matches[match]
        view.update(changes, version=view["version"] + 1)
        await self.show(match)
        hint = {"version": view["version"], "command": "other", "status": "accepted", "code": None, "digest": "0"}
        await self.hint(match, hint)
        return int(view["version"])


def new_view(match: str, game: str, seats: list[str | None]) -> dict[str, Any]:
    """A PublicView's JSON of a fresh match."""
    return {
        "id": match,
        "game": game,
        "version": 1,
        "status": "waiting",
        "options": {"best_of": 7, "move_seconds": 30, "opponent": "open"},
        "seats": seats,
        "deadline": DEADLINE,
        "score": [0, 0],
        "round": 0,
        "moved": [False, False],
        "rounds": [],
        "winner": None,
        "ended_by": None,
        "rematch": [False, False],
    }
