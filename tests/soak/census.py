"""What processes hold now: memory and descriptors from /proc, connections and subscriptions from Redis."""

import asyncio
import os
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import redis.asyncio as redis
from aiokafka.protocol.admin import DescribeGroupsRequest_v2
from aiokafka.protocol.api import Request

from infra.kafka.client import admin
from schemas.topics import MATCHES

PAGE = os.sysconf("SC_PAGE_SIZE")
LOOPBACK = "0100007F"  # 127.0.0.1 as /proc/net/tcp writes it
GROUPS = ("engine", "session", "history")
SECONDS = 20.0


class Held(NamedTuple):
    """Bytes of memory, descriptors; on Redis connections and subscriptions."""

    memory: int
    descriptors: int
    connections: int = 0
    subscriptions: int = 0


async def census(pids: dict[str, int], redis_url: str) -> dict[str, Held]:
    """Of every process by name."""
    subscribed = await _subscriptions(redis_url)
    port = urlsplit(redis_url).port or 0
    sockets = _sockets(port)
    found = {}
    for name, pid in pids.items():
        links = _links(pid)
        ours = [sockets[link] for link in links if link in sockets]
        found[name] = Held(_memory(pid), len(links), len(ours), sum(subscribed.get(one, 0) for one in ours))
    return found


def least(looks: Iterable[dict[str, Held]]) -> dict[str, Held]:
    """The smallest of some looks in a row: what is in use for a moment does not count."""
    found: dict[str, Held] = {}
    for look in looks:
        for name, held in look.items():
            before = found.get(name, held)
            found[name] = Held(*map(min, before, held))
    return found


async def _subscriptions(url: str) -> dict[int, int]:
    """By a client's own port how many channels and patterns it is subscribed to."""
    client: Any = redis.from_url(url)
    try:
        listed = await asyncio.wait_for(client.client_list(), SECONDS)
    finally:
        await client.aclose()
    kinds = ("sub", "psub", "ssub")
    return {int(one["addr"].rpartition(":")[2]): sum(int(one.get(kind, 0)) for kind in kinds) for one in listed}


def _sockets(port: int) -> dict[str, int]:
    """Of all connections to a port on loopback: the socket as a descriptor's link names it, and its own port."""
    found = {}
    with open("/proc/net/tcp") as file:
        for line in file.readlines()[1:]:
            _, local, remote, state, *rest = line.split()
            if remote == f"{LOOPBACK}:{port:04X}" and state == "01":
                found[f"socket:[{rest[5]}]"] = int(local.rpartition(":")[2], 16)
    return found


def _memory(pid: int) -> int:
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * PAGE


def _links(pid: int) -> list[str]:
    folder, found = f"/proc/{pid}/fd", []
    for name in os.listdir(folder):
        try:
            found.append(os.readlink(f"{folder}/{name}"))
        except FileNotFoundError:
            continue  # closed meanwhile
    return found


class DescribeGroups(Request[DescribeGroupsRequest_v2]):
    """aiokafka 0.14 reads the answer to its own, newer request wrongly."""

    API_KEY = 15

    def __init__(self, groups: list[str]) -> None:
        self._groups = groups

    def build(self, request_struct_class: Any) -> Any:
        return request_struct_class(self._groups)


async def members(servers: str) -> dict[str, int]:
    """How many members each consumer group has."""
    client: Any = admin(servers)
    names = [MATCHES.group(service) for service in GROUPS]
    await client.start()
    try:
        async with asyncio.timeout(SECONDS):
            node = await client.find_coordinator(names[0])
            answer = await client._send_request_to_node(node, DescribeGroups(names))
    finally:
        await client.close()
    return {group[1]: len(group[5]) for group in answer.groups}
