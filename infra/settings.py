"""Settings that every service shares, read from the environment; each service adds its own in a subclass."""

import ssl
import sys
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "PLAYLOG_"
S = TypeVar("S", bound="Common")


class KafkaSecurity(BaseModel):
    """How to reach a Kafka that is not an open loopback one; `PLAYLOG_KAFKA_SECURITY__...`."""

    protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    username: str = ""
    password: SecretStr = SecretStr("")
    ca_file: Path | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """The keyword arguments that every aiokafka client takes for SASL and TLS."""
        arguments: dict[str, Any] = {"security_protocol": self.protocol}
        if self.protocol.startswith("SASL"):
            arguments["sasl_mechanism"] = self.mechanism
            arguments["sasl_plain_username"] = self.username
            arguments["sasl_plain_password"] = self.password.get_secret_value()
        if self.protocol.endswith("SSL"):
            arguments["ssl_context"] = ssl.create_default_context(cafile=self.ca_file)
        return arguments


class Common(BaseSettings):
    """What every process has, whichever stores it uses."""

    model_config = SettingsConfigDict(
        frozen=True, env_prefix=PREFIX, env_nested_delimiter="__", extra="ignore", hide_input_in_errors=True
    )

    home: Path = Field(Path(".playlog"), description="the folder for keys, data and state of this installation")
    worker_name: str = Field("playlog", description="a name that stays the same over restarts")
    health_host: str = Field("127.0.0.1", description="the address of /livez, /readyz and /metrics")
    health_port: int = Field(0, ge=0, le=65535, description="their port; 0 takes a free one")
    log_format: Literal["json", "console"] = Field("json", description="JSON lines, or text for a terminal")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="the least level logged")


class WithKafka(Common):
    kafka: str = Field(description="Kafka's bootstrap servers, host:port[,host:port]")
    kafka_security: KafkaSecurity = Field(KafkaSecurity(), description="SASL and TLS towards Kafka")

    @property
    def security(self) -> dict[str, Any]:
        """See `KafkaSecurity.arguments`."""
        return self.kafka_security.arguments


class WithRedis(Common):
    redis_url: SecretStr = Field(description="Redis or Valkey, redis://[user:password@]host:port/0")


class WithPostgres(Common):
    postgres_url: SecretStr = Field(description="PostgreSQL, postgresql://user[:password]@host:port/database")


class WithTokens(Common):
    auth_issuer: str = Field("playlog-auth", description="the `iss` of access tokens")
    auth_audience: str = Field("playlog", description="the `aud` of access tokens")


class Settings(WithKafka, WithRedis, WithPostgres):
    """All stores. A service that needs fewer subclasses only those, so that it is given no more secrets."""


def load(cls: type[S]) -> S:
    """Read `cls` from the environment; on a missing or wrong value say so in words and exit with 2."""
    try:
        return cls()
    except ValidationError as error:
        for line in explain(cls, error):
            sys.stderr.write(line + "\n")
        raise SystemExit(2) from None


def explain(cls: type[Common], error: ValidationError) -> list[str]:
    """One sentence per wrong setting; values are never shown, they may be secrets."""
    return [_sentence(cls, tuple(map(str, item["loc"])), item["type"], item["msg"]) for item in error.errors()]


def _sentence(cls: type[Common], where: tuple[str, ...], kind: str, message: str) -> str:
    name = PREFIX + "__".join(where).upper()
    field = cls.model_fields.get(where[0]) if where else None
    meaning = f" ({field.description})" if field and field.description else ""
    if kind == "missing":
        return f"{name} is not set{meaning}. Set it in the environment, or run `make up` for a local stack."
    return f"{name}{meaning} is wrong: {message}."
