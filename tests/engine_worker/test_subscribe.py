"""What FastStream is told when the way in is made."""

from typing import Any

from engine_worker.settings import EngineSettings
from engine_worker.subscribe import subscribe
from schemas.topics import MATCHES


async def test_every_bootstrap_server_is_one_of_its_own() -> None:
    settings = EngineSettings(kafka="one:9092,two:9092,three:9092")
    term: Any = type("Term", (), {"handle": staticmethod(lambda _records: None)})()
    broker, _ = subscribe(settings, MATCHES, term)
    assert list(broker.specification.url) == ["one:9092", "two:9092", "three:9092"]
