"""Settings from the environment: typed, masked, and missing ones in words."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from auth_api.settings import AuthSettings
from gateway_api.settings import GatewaySettings
from infra.settings import KafkaSecurity, Settings, WithKafka, load

GIVEN = {
    "PLAYLOG_KAFKA": "127.0.0.1:9092",
    "PLAYLOG_REDIS_URL": "redis://:hunter2@127.0.0.1/0",
    "PLAYLOG_POSTGRES_URL": "postgresql://u:hunter2@127.0.0.1/d",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in [name for name in os.environ if name.startswith("PLAYLOG_")]:
        monkeypatch.delenv(name)
    for name, value in GIVEN.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.usefixtures("environment")
def test_settings_come_from_the_environment() -> None:
    settings = load(Settings)
    assert settings.kafka == GIVEN["PLAYLOG_KAFKA"]
    assert settings.postgres_url.get_secret_value() == GIVEN["PLAYLOG_POSTGRES_URL"]
    assert settings.home == Path(".playlog")


@pytest.mark.usefixtures("environment")
def test_secrets_print_masked() -> None:
    assert "hunter2" not in f"{load(Settings)!r} {load(Settings)}"


@pytest.mark.usefixtures("environment")
def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        load(Settings).kafka = "other"  # type: ignore[misc]


def test_a_missing_setting_is_one_sentence_and_exit_code_2(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.delenv("PLAYLOG_KAFKA")
    with pytest.raises(SystemExit) as caught:
        load(Settings)
    assert caught.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("PLAYLOG_KAFKA is not set (Kafka's bootstrap servers")


def test_a_wrong_setting_is_named_without_its_value(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("PLAYLOG_HEALTH_PORT", "hunter2")
    environment.setenv("PLAYLOG_KAFKA_SECURITY__PROTOCOL", "hunter2")
    with pytest.raises(SystemExit):
        load(Settings)
    said = capsys.readouterr().err
    assert "PLAYLOG_HEALTH_PORT (" in said
    assert "PLAYLOG_KAFKA_SECURITY__PROTOCOL" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("rate", ["abc", "", "20", "20/fortnight", "0/hour", "1/second;20/hour"])
@pytest.mark.parametrize(
    ("cls", "name"),
    [
        (AuthSettings, "PLAYLOG_AUTH_GUEST_RATE"),
        (AuthSettings, "PLAYLOG_AUTH_REFRESH_RATE"),
        (GatewaySettings, "PLAYLOG_GATEWAY_COMMAND_RATE"),
        (GatewaySettings, "PLAYLOG_GATEWAY_HISTORY_RATE"),
    ],
)
def test_given_a_rate_that_is_none_when_a_service_starts_then_the_setting_is_named(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], cls: type[Settings], name: str, rate: str
) -> None:
    environment.setenv(name, rate)
    with pytest.raises(SystemExit) as caught:
        load(cls)
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith(f"{name} (")
    assert "20/hour" in said


def test_a_service_without_a_store_needs_no_secret_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYLOG_KAFKA", "k:1")
    assert load(WithKafka).security == {"security_protocol": "PLAINTEXT"}


def test_kafka_credentials_come_from_nested_names(environment: pytest.MonkeyPatch) -> None:
    for name, value in {"PROTOCOL": "SASL_SSL", "USERNAME": "engine", "PASSWORD": "p"}.items():
        environment.setenv(f"PLAYLOG_KAFKA_SECURITY__{name}", value)
    settings = load(Settings)
    assert settings.kafka_security == KafkaSecurity(
        protocol="SASL_SSL", username="engine", password=SecretStr("p")
    )
    assert settings.security["sasl_mechanism"] == "SCRAM-SHA-512"
    assert settings.security["sasl_plain_password"] == "p"
    assert settings.security["ssl_context"].check_hostname
