"""All settings come from the environment. Each process demands only what it uses."""

import sys
from typing import Annotated, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(frozen=True, extra="ignore")


class DatabaseSettings(Settings):
    database_url: SecretStr = Field(description="PostgreSQL 16 or newer: postgresql://user:password@host:5432/name")
    release: str = Field("unnamed", description="What you call this deploy (a tag, a commit); dead letters name it.")


class StoreSettings(DatabaseSettings):
    redis_url: SecretStr = Field(
        description="Redis 7 or Valkey, with AOF and noeviction: redis://:password@host:6379/0"
    )
    inbox_shards: int = Field(1, ge=1, le=64, description="Streams the inbox is spread over; one drain works on each.")
    log_level: str = Field("INFO", description="The least level that is logged: DEBUG, INFO, WARNING or ERROR.")


class ReceiverSettings(StoreSettings):
    kapso_webhook_secrets: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        min_length=1, description="The secret_key of each Kapso webhook, comma separated; all are valid at once."
    )
    meta_app_secret: SecretStr | None = Field(
        None, description="App secret of Meta, for X-Hub-Signature-256 on webhooks of the forwarded Meta kind."
    )
    port: int = Field(8000, ge=1, le=65535, description="The port that the web process listens on.")
    host: str = Field("0.0.0.0", description="The address that the web process listens on.")  # noqa: S104
    body_limit_bytes: int = Field(4 * 1024 * 1024, ge=1024, description="Larger webhook bodies are answered 413.")
    inbox_limit: int = Field(
        2_000_000, ge=1, description="The most deliveries that may wait in the inbox; above it Kapso is answered 503."
    )
    inbox_limit_bytes: int = Field(
        4 * 1024**3, ge=1024, description="The most bytes that may wait, in Redis and in the spill each."
    )

    @field_validator("kapso_webhook_secrets", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value


class WorkerSettings(StoreSettings):
    delivery_days: int = Field(30, ge=1, description="Days for which raw deliveries are kept.")
    drain_shift_seconds: float = Field(300, gt=0, description="How long one drain works before it hands over.")


ALL: tuple[type[Settings], ...] = (ReceiverSettings, WorkerSettings)

Kind = TypeVar("Kind", bound=Settings)


def load(kind: type[Kind]) -> Kind:
    """The settings of one process; ends it with one readable line per fault if they are not right."""
    try:
        return kind()
    except ValidationError as error:
        for fault in error.errors(include_input=False, include_url=False):
            name = str(fault["loc"][0]).upper()
            field = kind.model_fields.get(str(fault["loc"][0]))
            what = "is not set" if fault["type"] == "missing" else f"is not right: {fault['msg']}"
            print(f"{name} {what}. {field.description if field else ''}", file=sys.stderr)
        raise SystemExit(2) from None
