"""PostgreSQL dies, hangs, has no connection left, cuts transactions off; the sink is killed and woken."""

import asyncio
import contextlib
from typing import Any

import asyncpg

from schemas import tables
from tests.faults.row import Row
from tests.faults.scene import NotInjected, Scene

MOST_CLIENTS = 120
TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'history'"


async def down(scene: Scene) -> None:
    """Killed, paused, out of connections; in between the sink's own connection is cut again and again."""
    await scene.wait(2)
    scene.kill("postgres")
    await scene.wait(min(10.0, scene.seconds / 2))
    scene.start("postgres")
    await scene.answering("postgres")
    await scene.wait(3)
    await scene.stall("postgres", 5)
    await terminated(scene, max(30, int(scene.seconds * 2)))
    await crowded(scene)
    await auth_without_postgres(scene)


async def terminated(scene: Scene, times: int) -> None:
    """At random moments of the sink's transactions."""
    connection = await asyncpg.connect(scene.stores.postgres_url)
    try:
        for _ in range(times):
            await scene.wait(scene.random.uniform(0.05, 0.4))
            if await connection.fetch(TERMINATE):
                scene.note("terminate", "history's connection")
    finally:
        await connection.close()


async def crowded(scene: Scene) -> None:
    """Others take every connection there is, then the sink has to reconnect."""
    taken: list[Any] = []
    scene.note("no connection left", "postgres", 5)
    try:
        with contextlib.suppress(asyncpg.TooManyConnectionsError):
            while len(taken) < MOST_CLIENTS:
                taken.append(await asyncpg.connect(scene.stores.postgres_url))
        await taken[0].fetch(TERMINATE)
        await scene.wait(5)
    finally:
        await asyncio.gather(*(connection.close() for connection in taken))


async def auth_without_postgres(scene: Scene) -> None:
    """Signing in says 503, not 500."""
    import httpx2

    scene.kill("postgres")
    await scene.wait(1)
    async with httpx2.AsyncClient(base_url=scene.services.url, timeout=20) as http:
        answer = await http.post("/auth/v1/guests", json={})
    if answer.status_code != 503:
        scene.notes.troubles.append(f"signing in without PostgreSQL is answered with {answer.status_code}")
    scene.start("postgres")
    await scene.answering("postgres")


async def competing(scene: Scene) -> None:
    """Deadlocks with the sink, serialization failures, locks held for long."""
    connection = await asyncpg.connect(scene.stores.postgres_url)
    try:
        await connection.execute("SET deadlock_timeout = '100s'")  # the sink shall be the victim
        for _ in range(max(4, int(scene.seconds // 3))):
            scene.note("lock", "history's rows", 2)
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(f"UPDATE {tables.MATCHES} SET status = status")
            await scene.wait(0.4)  # the sink looks for a deadlock once, a second after it began to wait
            with contextlib.suppress(asyncpg.DeadlockDetectedError, asyncpg.QueryCanceledError):
                await asyncio.wait_for(connection.execute(f"LOCK TABLE {tables.PROGRESS}"), 10)
            await transaction.rollback()
            await scene.wait(0.5)
    except TimeoutError as error:
        raise NotInjected("the competing transaction hangs") from error
    finally:
        connection.terminate()
    log = scene.folder / "stores" / "logs" / "postgres.log"
    if "deadlock detected" not in log.read_text(errors="replace"):
        raise NotInjected("the sink never came into a deadlock")


async def sink_killed(scene: Scene) -> None:
    """Killed, killed between rows and commit, woken when another one has gone on."""
    await scene.wait(2)
    scene.restart("history")
    await scene.wait(2)
    scene.target("history").stop()
    scene.launch_with("history", "--crash", "rows:3")
    scene.start("history")
    await scene.dies("history")
    scene.note("died between rows and commit", "history")
    scene.launch_plainly("history")
    scene.start("history")
    await scene.until_ready("history")
    other = scene.twin("history", "history-2")
    scene.note("stall", "history", 4)
    scene.target("history").pause()
    scene.start(other.name)
    await scene.wait(6)
    scene.target("history").resume()
    await scene.wait(3)
    await scene.end(other.name)
    await scene.wait(2)


ROWS = [
    Row("F24", "PostgreSQL killed, paused, crowded, cutting off", down, "I9"),
    Row("F24b", "sink killed and woken", sink_killed, "I9"),
    Row("F25", "deadlocks and locks against the sink", competing, "I9"),
]
