"""Gateways die between log and answer, under a crowd of streams; readers that do not read."""

import asyncio
import socket
from urllib.parse import urlsplit

import httpx2

from tests.faults.row import Row
from tests.faults.scene import Scene

CROWD = 1000
DROPPED_SECONDS = 60.0


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
    crowd = scene.crowd
    assert crowd is not None
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
    return metric(scene, "playlog_sse_connections")


def metric(scene: Scene, name: str) -> int:
    """The sum of a metric of the gateway's; -1 when it does not answer."""
    try:
        text = httpx2.get(f"{scene.services.url}/metrics", timeout=5).text
    except httpx2.HTTPError:
        return -1
    lines = [line for line in text.splitlines() if line.startswith(name)]
    return int(sum(float(line.rsplit(" ", 1)[1]) for line in lines))


async def slow_and_gone(scene: Scene) -> None:
    """One reader takes nothing, others leave without a word; nothing of them stays."""
    crowd = scene.crowd
    assert crowd is not None
    await scene.until(lambda: len(scene.load.opened) > 5, "no match to watch")
    watch = await crowd.follow(scene.load.opened[-1])
    await scene.until(lambda: watch.version > 0, "no view")
    await scene.wait(3)
    before = metric(scene, "playlog_sse_connections")
    gone = [await _deaf(scene) for _ in range(30)]
    await scene.until(lambda: metric(scene, "playlog_sse_connections") >= before + 25, "streams are not opened")
    scene.note("30 readers leave", "gateway")
    for one in gone:
        one.close()
    await scene.until(
        lambda: metric(scene, "playlog_sse_connections") <= before + 5,
        "streams of those who left stay",
        DROPPED_SECONDS,
    )


async def _deaf(scene: Scene) -> socket.socket:
    """A stream whose reader never reads."""
    crowd = scene.crowd
    assert crowd is not None
    parts = urlsplit(scene.services.url)
    guest = (await crowd.follow(scene.load.opened[-1])).player
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect((parts.hostname, parts.port))
    token = guest.bearer["authorization"]
    path = f"/v1/matches/{scene.load.opened[-1]}/events"
    raw.sendall(f"GET {path} HTTP/1.1\r\nhost: {parts.netloc}\r\nauthorization: {token}\r\n\r\n".encode())
    return raw


ROWS = [
    Row("F26", "gateway dies between log and answer", dies_before_answering, "I1 I13", tables=4),
    Row("F27", "gateway dies with 1000 streams", dies_under_a_crowd, "I10", rate=50),
    Row("F28", "readers slow, then gone", slow_and_gone, "I16"),
]
