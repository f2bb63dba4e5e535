"""How an engine begins beside its first term."""

import asyncio

from structlog.testing import capture_logs

from engine_worker.settings import EngineSettings
from engine_worker.wiring import watch_topics
from infra.stack.ports import free_port
from schemas.topics import MATCHES


async def test_who_starts_while_the_broker_is_away_asks_again_until_it_is_stopped() -> None:
    settings = EngineSettings(kafka=f"127.0.0.1:{free_port()}", worker_name="engine-1")
    stop = asyncio.Event()
    with capture_logs() as said:
        checking = asyncio.create_task(watch_topics(settings, MATCHES, stop))
        async with asyncio.timeout(20):
            while sum(line["event"] == "topics_not_checked" for line in said) < 2:
                assert not checking.done()
                await asyncio.wait([checking], timeout=0.01)
            stop.set()
            await checking
