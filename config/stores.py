"""Settings of what every process and most commands use: Postgres, Redis, and the search by meaning."""

import re
from pathlib import Path
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from config.environment import Key, Settings, Texts, version
from domain.phone import REGIONS, Phones
from knowledge.embedder import Embedders

REDIS_OPTIONS = {
    "ssl_cert_reqs",
    "ssl_ca_certs",
    "ssl_certfile",
    "ssl_keyfile",
    "ssl_check_hostname",
    "protocol",
    "client_name",
}
HTTP = r"^https?://[^\s/]+(/\S*)?$"
# A name or an address, with a port or without.
HOST = re.compile(r"(localhost|[A-Za-z0-9][A-Za-z0-9-]*(\.[A-Za-z0-9-]+)+)(:[0-9]+)?|\[[0-9a-fA-F:]+\](:[0-9]+)?")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def _address(value: SecretStr) -> SecretStr:
    """Raises ValueError for a URL that can never work."""
    url = value.get_secret_value()
    try:
        parts = urlsplit(url)
        # Of several hosts, each has its own.
        port = parts.port if "," not in parts.netloc else None
    except ValueError:
        port = -1
    if port == -1 or parts.netloc.count("@") > 1 or "@" in url.partition("//")[2][len(parts.netloc) :]:
        text = "it has no readable host and port; in a password, the signs / ? # @ : must be percent-encoded"
        raise ValueError(text) from None
    return value


class DatabaseSettings(Settings):
    database_url: SecretStr = Field(description="PostgreSQL 16 or newer: postgresql://user:password@host:5432/name")

    @field_validator("database_url")
    @classmethod
    def _is_postgres(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("it must begin with postgresql://")
        return _address(value)

    erasure_key: SecretStr | None = Field(
        None,
        min_length=16,
        description="Keys the hashes that recognise erased people. Required once anybody was erased. Never change it:"
        " the workers apply nothing with another key.",
    )
    body_events_limit: int = Field(
        10_000, ge=1, description="The most events in one webhook body; a body with more becomes one dead letter."
    )
    default_region: str | None = Field(
        None,
        description="The country (ISO 3166, such as ID) of phone numbers that somebody types without one; unset: such"
        " numbers are refused, with what to write.",
    )
    release: str = Field(
        default_factory=version,
        description="What you call this deploy (a tag, a commit); else the version. Dead letters name it.",
    )

    @field_validator("default_region", mode="before")
    @classmethod
    def _is_a_region(cls, value: object) -> object:
        region = str(value or "").strip().upper()
        if region and region not in REGIONS:
            raise ValueError(f"{value!r} is no country: write two letters, such as ID or US")
        return region or None

    @property
    def phones(self) -> Phones:
        return Phones(self.default_region)

    @property
    def erasure_bytes(self) -> bytes | None:
        return self.erasure_key.get_secret_value().encode() if self.erasure_key else None


class StoreSettings(DatabaseSettings):
    redis_url: SecretStr = Field(
        description="Redis 7 or Valkey, with AOF and noeviction: redis://:password@host:6379/0"
    )
    inbox_shards: int = Field(1, ge=1, le=64, description="Streams the inbox is spread over; one drain works on each.")
    log_level: str = Field("INFO", description="The least level that is logged: DEBUG, INFO, WARNING or ERROR.")

    alive_file: Path | None = Field(
        None,
        description="A file that web process and worker touch every 5 seconds, for liveness probes. Unset: none.",
    )
    crm_client: str | None = Field(
        None,
        pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$",
        description="A CRM that gets each handoff as well, as module:Class: a class with create_lead(context_packet),"
        " made without arguments. Unset: handoffs stay in the mirror alone.",
    )

    media_archive: str | None = Field(
        None,
        pattern=r"^(file:(//)?/[^/?#].*|s3://[^/?#]+(/[^?#]*)?)$",
        description="Where files of messages are kept: file:/folder or s3://bucket/prefix (credentials, region and"
        " endpoint from AWS_* variables). Web process and workers need it. Unset: they are not kept.",
    )
    media_hosts: Texts = Field(
        ("kapso.ai",),
        description="Hosts (with their subdomains) from which files of messages may be fetched, comma separated.",
    )

    public_url: str | None = Field(
        None, pattern=HTTP, description="Where people open the desk: links in notifications begin with it."
    )
    hooks_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="Secrets of outgoing webhooks are derived from it; a new value changes all. Unset: none are sent.",
    )
    hooks_private: bool = Field(False, description="Allow outgoing webhooks to private addresses and over http://.")
    slack_webhook_url: SecretStr | None = Field(
        None, description="An incoming webhook of Slack, for hooks of the kind slack."
    )
    smtp_url: SecretStr | None = Field(
        None, description="smtp://user:password@host:587 or smtps://…, for hooks of the kind email."
    )
    smtp_from: str = Field("mirror@localhost", pattern=r"^[!-?A-~]+@[!-?A-~]+$", description="Sender of the e-mails.")

    @field_validator("media_hosts")
    @classmethod
    def _are_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if strange := [host for host in value if not HOST.fullmatch(host)]:
            raise ValueError(f"{strange[0]!r} is not a host: write names such as kapso.ai; subdomains are included")
        return value

    @field_validator("slack_webhook_url", "smtp_url")
    @classmethod
    def _has_a_host(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        schemes = {"slack_webhook_url": ("https", "http"), "smtp_url": ("smtp", "smtps")}[info.field_name or ""]
        if value is not None:
            parts = urlsplit(_address(value).get_secret_value())
            if parts.scheme not in schemes or not parts.hostname:
                raise ValueError(f"it must begin with {schemes[0]}:// and name a host")
        return value

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("it must begin with redis://, rediss:// or unix://")
        parts = urlsplit(_address(value).get_secret_value())
        if parts.scheme != "unix" and not re.fullmatch(r"/?[0-9]*", parts.path):
            raise ValueError("behind the host it has the number of a database, such as /0")
        if unknown := set(dict(parse_qsl(parts.query))) - REDIS_OPTIONS:
            raise ValueError(f"it has an option that is not known: {min(unknown)}")
        if parts.scheme == "redis" and any(name.startswith("ssl_") for name in dict(parse_qsl(parts.query))):
            raise ValueError("options that begin with ssl_ need rediss://")
        return value

    @field_validator("log_level")
    @classmethod
    def _is_a_level(cls, value: str) -> str:
        if value.upper() not in LEVELS:
            raise ValueError(f"{value!r} is no level: write {', '.join(LEVELS)}")
        return value.upper()


class KnowledgeSettings(StoreSettings):
    """How questions and passages become comparable by meaning."""

    embedding_url: str | None = Field(
        None,
        pattern=HTTP,
        description="An OpenAI-compatible endpoint that embeds; without one the local model does (extra: knowledge).",
    )
    embedding_model: str | None = Field(None, description="The model to ask there. Another one embeds all anew.")
    embedding_dimension: int = Field(1536, ge=1, le=2000, description="How long its vectors are.")
    embedding_api_key: Key | None = Field(None, description="Its key; some endpoints need none.")
    search_timeout_seconds: float = Field(
        30,
        gt=0,
        le=3600,
        description="A question of a page, the API or an agent (a search, a list, a count) that takes longer is ended.",
    )

    @model_validator(mode="after")
    def _names_who_embeds(self) -> Self:
        if self.embedding_url and not self.embedding_model:
            raise ValueError("EMBEDDING_URL needs EMBEDDING_MODEL: which model to ask there")
        if self.embedding_model and not self.embedding_url:
            raise ValueError("EMBEDDING_MODEL needs EMBEDDING_URL: where to ask it")
        return self

    def embedders(self) -> Embedders:
        key = self.embedding_api_key.get_secret_value() if self.embedding_api_key else None
        return Embedders(
            url=self.embedding_url, model=self.embedding_model, dimension=self.embedding_dimension, key=key
        )
