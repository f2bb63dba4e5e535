"""Compares the log with what clients were promised and with every store; each violation is a sentence."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import asyncpg
import redis.asyncio as redis

from schemas import keys, tables
from tests.faults.load import Acknowledged
from tests.faults.truth import Line, Log, document

Violations = Iterator[str]


def check_log(log: Log) -> Violations:
    """Every command has exactly one outcome that counts, in the commands' order; versions rise by one."""
    for number, partition in log.items():
        causes = [int(line.headers["playlog-cause"]) for line in partition.accepted]
        wanted = list(range(len(partition.commands)))
        if causes != wanted:
            missing = sorted(set(wanted) - set(causes))
            yield f"partition {number}: {len(causes)} outcomes for {len(wanted)} commands; missing {missing[:5]}"
        for line in partition.accepted:
            command = partition.commands[int(line.headers["playlog-cause"])]
            told, sent = document(line)["command_id"], command.headers["ce_id"].decode()
            if told != sent:
                yield f"partition {number}: outcome {line.offset} speaks of {told}, its command is {sent}"
        yield from _check_versions(number, partition.accepted)


def _check_versions(number: int, accepted: Sequence[Line]) -> Violations:
    versions: dict[bytes | None, int] = defaultdict(int)
    for line in accepted:
        outcome = document(line)
        if outcome["events"]:
            versions[line.key] += 1
            if outcome["version"] != versions[line.key]:
                yield f"partition {number}: {line.key!r} has version {outcome['version']} at {line.offset}"


def check_promises(log: Log, acknowledged: Sequence[Acknowledged]) -> Violations:
    """What the broker acknowledged is in the log, at its offset; what was sent once was judged once."""
    for promise in acknowledged:
        commands = log[promise.partition].commands
        if promise.offset >= len(commands):
            yield f"partition {promise.partition}: acknowledged command {promise.offset} is not in the log"
        elif commands[promise.offset].headers["ce_id"].decode() != promise.command_id:
            yield f"partition {promise.partition}: another command stands at {promise.offset}"
    for number, partition in log.items():
        counted: dict[str, int] = defaultdict(int)
        for line in partition.accepted:
            outcome = document(line)
            if outcome["events"] and outcome["rejection"] is None:
                counted[outcome["command_id"]] += 1
        for command, times in counted.items():
            if times > 1:
                yield f"partition {number}: command {command} counted {times} times"


def newest(log: Log) -> dict[str, dict[str, Any]]:
    """The last outcome with a view of every match."""
    return {
        (line.key or b"").decode(): outcome
        for partition in log.values()
        for line in partition.accepted
        if (outcome := document(line))["public"] is not None
    }


async def check_redis(log: Log, url: str) -> Violations:
    """Every match's snapshot is its newest outcome's; every partition's progress is at the end."""
    client: Any = redis.from_url(url)
    try:
        wrong = []
        for match, outcome in newest(log).items():
            stored = await client.hgetall(keys.match(match))
            private = {f"private:{seat}": part for seat, part in (outcome["private"] or {}).items()}
            found = {
                name.decode(): json.loads(value) for name, value in stored.items() if name.startswith(b"private")
            }
            if int(stored.get(b"version", 0)) != outcome["version"]:
                wrong.append(f"Redis: {match} is at {stored.get(b'version')!r}, the log at {outcome['version']}")
            elif json.loads(stored[b"public"]) != outcome["public"] or found != private:
                wrong.append(f"Redis: {match} differs from the log at version {outcome['version']}")
        for number, partition in log.items():
            progress = json.loads(await client.get(keys.progress(number)) or "{}")
            if partition.outcomes and progress.get("next") != len(partition.outcomes):
                wrong.append(f"Redis: partition {number} is read to {progress.get('next')}")
        return iter(wrong)
    finally:
        await client.aclose()


async def check_postgres(log: Log, url: str) -> Violations:
    """The rows of events are those of the log, each once; every match's row is its newest view."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            f"SELECT match_id::text, version, ordinal, type, body::text FROM {tables.EVENTS}"
        )
        stored = {(row[0], row[1], row[2]): (row[3], json.loads(row[4])) for row in rows}
        matches = await connection.fetch(f"SELECT id::text, version, view::text FROM {tables.MATCHES}")
        views = {row[0]: (row[1], json.loads(row[2])) for row in matches}
    finally:
        await connection.close()
    told = dict(_event_rows(log))
    wrong = [
        f"PostgreSQL: event {key} is {stored.get(key)}" for key, row in told.items() if stored.get(key) != row
    ]
    wrong += [f"PostgreSQL: event {key} is in no outcome" for key in stored.keys() - told.keys()]
    for match, outcome in newest(log).items():
        if views.get(match) != (outcome["version"], outcome["public"]):
            wrong.append(f"PostgreSQL: match {match} differs from the log at version {outcome['version']}")
    return iter(wrong)


def _event_rows(log: Log) -> Iterator[tuple[tuple[str, int, int], tuple[str, Any]]]:
    for partition in log.values():
        for line in partition.accepted:
            outcome = document(line)
            for ordinal, event in enumerate(outcome["events"]):
                body = {name: value for name, value in event.items() if name != "type"}
                yield ((line.key or b"").decode(), outcome["version"], ordinal), (event["type"], body)


def longest_pause(log: Log, since: int) -> float:
    """Seconds from a command's arrival to its outcome, the worst of those that arrived after `since` (ms)."""
    waits = [
        line.timestamp - partition.commands[int(line.headers["playlog-cause"])].timestamp
        for partition in log.values()
        for line in partition.accepted
        if partition.commands[int(line.headers["playlog-cause"])].timestamp >= since
    ]
    return max(waits, default=0) / 1000
