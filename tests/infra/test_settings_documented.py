"""Every setting is explained for operators, with the default that it has."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from auth_api.settings import AuthSettings
from engine_worker.settings import EngineSettings
from gateway_api.settings import GatewaySettings
from history_sink.settings import SinkSettings
from infra.settings import PREFIX, Common
from infra.stack.settings import CLONE
from session_worker.settings import SessionSettings

CLASSES: tuple[type[Common], ...] = (AuthSettings, GatewaySettings, EngineSettings, SessionSettings, SinkSettings)
STORES = {
    "PLAYLOG_KAFKA": "k:1",
    "PLAYLOG_REDIS_URL": "redis://r:1/0",
    "PLAYLOG_POSTGRES_URL": "postgresql://u@p:1/d",
}
NAME = re.compile(r"PLAYLOG_[A-Z0-9_]+")
SHOWN = re.compile(r"^#?(PLAYLOG_[A-Z0-9_]+)=(.*)$", re.MULTILINE)
EXAMPLE = (CLONE / ".env.example").read_text()


def names(model: type[BaseModel], prefix: str = PREFIX) -> set[str]:
    """The environment's names of a class's settings, nested ones too."""
    found = set()
    for field, info in model.model_fields.items():
        kind, name = info.annotation, prefix + field.upper()
        nested = isinstance(kind, type) and issubclass(kind, BaseModel)
        found |= names(kind, f"{name}__") if nested else {name}  # type: ignore[arg-type]
    return found


def source() -> str:
    """What reads the environment without a class of settings: the local stack, its tests, the containers."""
    files = [*(CLONE / "infra").rglob("*.py"), CLONE / "tests" / "conftest.py", CLONE / "docker-compose.yml"]
    return "\n".join(path.read_text() for path in files)


def test_given_all_services_settings_when_operators_look_one_up_then_it_is_there() -> None:
    explained = {*NAME.findall(EXAMPLE), *NAME.findall((CLONE / "docs" / "operating.md").read_text())}
    assert set().union(*map(names, CLASSES)) - explained == set()


def test_given_the_example_when_a_name_is_in_it_then_something_reads_it() -> None:
    read = {*set().union(*map(names, CLASSES)), *NAME.findall(source())}
    assert {name for name, _ in SHOWN.findall(EXAMPLE)} - read == set()


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_given_the_example_when_its_values_are_set_then_they_are_the_defaults(
    cls: type[Common], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in STORES.items():
        monkeypatch.setenv(name, value)
    shown = {name: value for name, value in SHOWN.findall(EXAMPLE) if value and name not in STORES}
    for name in names(cls):
        monkeypatch.delenv(name, raising=False) if name not in STORES else None
        if name in shown:
            monkeypatch.setenv(name, shown[name])
    settings = cls()
    for field, info in cls.model_fields.items():
        if PREFIX + field.upper() in shown and info.default is not PydanticUndefined:
            assert getattr(settings, field) == info.default, field
