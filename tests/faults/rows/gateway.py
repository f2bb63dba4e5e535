"""Gateways die between log and answer, under a crowd of streams; readers that do not read."""

import asyncio
import secrets
import socket
import time
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2

from playlog.client.player import Player
from schemas.command import Command, encode_command
from schemas.ids import match_id
from schemas.match import Create, Join, Options, Play
from tests.faults.crowd import Crowd
from tests.faults.raw import Raw, raw
from tests.faults.row import Row
from tests.faults.rows.poison import append
from tests.faults.scene import Scene

CROWD = 1000
DROPPED_SECONDS = 90.0  # until the kernel takes no more, and then the deadline
STREAMS = "playlog_sse_connections"
DROPPED = "playlog_sse_dropped_total"


async def dies_before_answering(scene: Scene) -> None:
    for _ in range(max(3, int(scene.seconds // 4))):
        await scene.wait(2)
        scene.target("gateway").stop()
        scene.launch_with("gateway", "--crash", f"answer:{scene.random.randint(2, 12)}")
        scene.start("gateway")
        await scene.dies("gateway")
        scene.note("died between log and answer", "gateway")
        scene.launch_plainly("gateway")
        scene.start("gateway")
        await scene.until_ready("gateway")


async def dies_under_a_crowd(scene: Scene) -> None:
    """A thousand streams lose their gateway at once."""
    crowd = _crowd(scene)
    await scene.until(lambda: len(scene.load.opened) > 20, "no match to watch")
    while len(crowd.watches) < CROWD:
        await asyncio.gather(*(crowd.follow(match) for match in scene.load.opened[-4:]))
    await scene.until(lambda: sum(1 for watch in crowd.watches if watch.version) > CROWD * 0.95, "no crowd")
    for _ in range(2):
        scene.kill("gateway")
        scene.start("gateway")
        await scene.until_ready("gateway")
        await scene.until(lambda: _open(scene) > CROWD * 0.9, "the crowd does not come back", 90)
        await scene.wait(2)


def _open(scene: Scene) -> int:
    """Streams that the gateway has open now, as it says itself."""
    return metric(scene, STREAMS)


def metric(scene: Scene, name: str) -> int:
    """The sum of a metric of the gateway's; -1 when it does not answer."""
    try:
        text = httpx2.get(f"{scene.services.url}/metrics", timeout=5).text
    except httpx2.HTTPError:
        return -1
    lines = [line for line in text.splitlines() if line.startswith(name)]
    return int(sum(float(line.rsplit(" ", 1)[1]) for line in lines))


async def slow_and_gone(scene: Scene) -> None:
    """Some readers take nothing and are cut off at the send deadline, others leave; nothing of them stays."""
    match, chatter = await chattering(scene)
    try:
        watch = await _crowd(scene).follow(match)
        await scene.until(lambda: watch.version > 1, "no view")
        before = metric(scene, STREAMS)
        guests = [await _crowd(scene).guest() for _ in range(8)]
        readers = [_deaf(scene, guests[number // 4], match) for number in range(30)]
        await scene.until(lambda: metric(scene, STREAMS) >= before + 30, "streams are not opened")
        scene.note("20 readers leave", "gateway")
        for one in readers[10:]:
            one.close()
        scene.note("10 readers take nothing", "gateway")
        await scene.until(lambda: metric(scene, DROPPED) >= 10, "slow readers are not cut off", DROPPED_SECONDS)
        # spectators of the load come meanwhile
        await scene.until(lambda: metric(scene, STREAMS) <= before + 8, "streams of those who left stay", 30)
        for one in readers[:10]:
            one.close()
    finally:
        chatter.cancel()
        await asyncio.gather(chatter, return_exceptions=True)


def _crowd(scene: Scene) -> Crowd:
    assert scene.crowd is not None
    return scene.crowd


async def chattering(scene: Scene) -> tuple[str, "asyncio.Task[None]"]:
    """A match with a new version every few milliseconds: two players who always throw the same."""
    create, players = str(uuid4()), (str(uuid4()), str(uuid4()))
    match, options = match_id(create), Options(best_of=31, move_seconds=86_400)

    async def send(writer: Raw, identity: str, player: str, word: object) -> None:
        command = Command(identity, match, player, secrets.token_hex(16), word)
        await append(writer, encode_command(command, int(time.time() * 1000), "/chatter"))

    async def chatter() -> None:
        async with raw(scene.stores.kafka_address) as writer:
            await send(writer, create, players[0], Create(game="rps", rules=1, options=options))
            await send(writer, str(uuid4()), players[1], Join())
            while True:
                for player in players:
                    await send(writer, str(uuid4()), player, Play(move={"shape": "rock"}))
                    await scene.wait(0.004)

    task = asyncio.create_task(chatter())
    await scene.wait(2)
    return match, task


def _deaf(scene: Scene, guest: Player, match: str) -> socket.socket:
    """A stream whose reader never reads."""
    parts = urlsplit(scene.services.url)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect((parts.hostname, parts.port))
    token = guest.bearer["authorization"]
    head = f"GET /v1/matches/{match}/events HTTP/1.1\r\nhost: {parts.netloc}\r\nauthorization: {token}\r\n\r\n"
    connection.sendall(head.encode())
    return connection


ROWS = [
    Row(
        "F26",
        "gateway dies between log and answer",
        dies_before_answering,
        "I1 I13",
        pause=1.0,
        measure="regained",
        tables=4,
    ),
    Row("F27", "gateway dies with 1000 streams", dies_under_a_crowd, "I10", rate=50),
    Row("F28", "readers slow, readers gone", slow_and_gone, "I16", rate=50),
]
