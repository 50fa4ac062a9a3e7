"""Every setting, by the process that reads it. Each process demands only what it uses."""

from typing import Literal, Self
from zoneinfo import available_timezones

from pydantic import Field, SecretStr, field_validator, model_validator

from config.environment import Key, Secrets, Settings
from config.hours import BusinessHours
from config.stores import HTTP, KnowledgeSettings

SECRETS = "The secret_key of each Kapso webhook, comma separated; all are valid at once."
LONGEST_DAYS = 36_500


class ReceiverSettings(KnowledgeSettings):
    kapso_webhook_secrets: Secrets = Field(min_length=1, description=SECRETS)
    meta_app_secret: SecretStr | None = Field(
        None, description="App secret of Meta, for X-Hub-Signature-256 on webhooks of the forwarded Meta kind."
    )
    port: int = Field(8000, ge=1, le=65535, description="The port that the web process listens on.")
    host: str = Field("0.0.0.0", description="The address that the web process listens on.")  # noqa: S104
    time_zone: str = Field("Asia/Jakarta", description="How the dashboard says times: a zone like Asia/Makassar.")
    kapso_inbox_url: str | None = Field(
        None,
        pattern=r"^https://[^\s{}]+(\{(conversation_id|contact_id|phone)\}[^\s{}]*)*$",
        description="A chat in Kapso's inbox, where replies go out from the business number:"
        " https://app.kapso.ai/…/{conversation_id}; also {contact_id}, {phone}. Unset: no such button.",
    )
    reply_in: Literal["whatsapp", "kapso"] = Field(
        "whatsapp", description="Where the team answers, and so which button comes first: whatsapp or kapso."
    )
    oidc_issuer: str | None = Field(
        None,
        pattern=HTTP,
        description="An OpenID Connect provider by which people sign in beside their passwords, such as"
        " https://accounts.google.com. It must let people back to /login/sso/back. Unset: passwords alone.",
    )
    oidc_client_id: str | None = Field(None, description="What the provider calls this mirror.")
    oidc_client_secret: SecretStr | None = Field(None, description="The secret that goes with it.")
    oidc_name: str = Field("single sign-on", max_length=60, description="What the button says: Sign in with …")
    pool_min_size: int = Field(
        10, ge=0, description="Connections to Postgres that the pages and the API keep open from the start on."
    )
    pool_max_size: int = Field(20, ge=1, le=10_000, description="The most connections that they may have open.")
    body_limit_bytes: int = Field(4 * 1024 * 1024, ge=1024, description="Larger webhook bodies are answered 413.")
    bodies_limit_bytes: int = Field(
        32 * 1024 * 1024,
        ge=1024,
        description="The most bytes of unfinished request bodies, over all connections; above it the slowest request is"
        " answered 408.",
    )
    header_limit_bytes: int = Field(
        32 * 1024, ge=1024, description="Request line and headers together that are larger are answered 431."
    )
    request_seconds: float = Field(
        10, gt=0, description="A request that is not sent within so many seconds, headers and body, is answered 408."
    )
    connections_limit: int = Field(
        1000, ge=16, description="The most connections at once; above it the one that is slowest to send is closed."
    )
    inbox_limit: int = Field(
        2_000_000, ge=1, description="The most deliveries that may wait in the inbox; above it Kapso is answered 503."
    )
    metrics_token: Key | None = Field(
        None,
        description="Clients with this bearer token can read /metrics and the details of /readyz. Unset: none can.",
    )
    inbox_limit_bytes: int = Field(
        4 * 1024**3, ge=1024, description="The most bytes that may wait, in Redis and in the spill each."
    )

    @field_validator("time_zone")
    @classmethod
    def _is_a_time_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is not a time zone: write one of the IANA database, such as Asia/Jakarta")
        return value

    @model_validator(mode="after")
    def _knows_its_provider(self) -> Self:
        given = (self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret)
        if any(given) and not all(given):
            raise ValueError("OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET go together: set all or none")
        return self

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.pool_min_size > self.pool_max_size:
            raise ValueError("POOL_MIN_SIZE is more than POOL_MAX_SIZE")
        if self.bodies_limit_bytes < self.body_limit_bytes:
            raise ValueError("BODIES_LIMIT_BYTES is less than BODY_LIMIT_BYTES: no body of that size would fit")
        return self


class KapsoSettings(KnowledgeSettings):
    """What polling and looking after webhooks takes."""

    kapso_api_key: Key | None = Field(
        None, description="A project key of Kapso. Without one there is no polling: what is not pushed stays missing."
    )
    kapso_api_url: str = Field("https://api.kapso.ai", pattern=HTTP, description="Where Kapso's REST API is.")
    kapso_requests_per_minute: int = Field(
        100, ge=4, description="What the key allows a minute, shared by all processes."
    )
    webhook_url: str | None = Field(
        None, pattern=HTTP, description="The public URL of our /webhooks/kapso, to watch and register Kapso's webhooks."
    )
    poll_grace_seconds: int = Field(
        300,
        ge=0,
        description="Seconds within which webhooks must deliver a change. If polling finds an older one missing, it"
        " raises an alarm: webhook delivery is broken.",
    )
    kapso_webhook_secrets: Secrets = Field((), description=SECRETS)


class WorkerSettings(KapsoSettings):
    delivery_days: int = Field(30, ge=1, le=LONGEST_DAYS, description="Days for which raw deliveries are kept.")
    message_days: int | None = Field(
        None,
        ge=1,
        le=LONGEST_DAYS,
        description="Days for which messages are kept; unset: for ever. Raw deliveries hold them too (DELIVERY_DAYS).",
    )
    dead_letter_days: int | None = Field(
        None,
        ge=1,
        le=LONGEST_DAYS,
        description="Days for which dead letters are kept after their last failure; unset: for ever.",
    )
    lead_days: int | None = Field(
        None,
        ge=1,
        le=LONGEST_DAYS,
        description="Days of silence after which a lead is erased with its contact; unset: never.",
    )
    handoff_days: int = Field(
        365,
        ge=1,
        le=LONGEST_DAYS,
        description="Days for which handoffs are kept; one session's are cleared on request by the API.",
    )
    access_log_days: int = Field(
        365, ge=1, le=LONGEST_DAYS, description="Days for which it is kept who looked at whom (access_log)."
    )
    media_days: int | None = Field(
        None,
        ge=1,
        le=LONGEST_DAYS,
        description="Days for which files of messages stay in MEDIA_ARCHIVE; unset: as long as their messages.",
    )
    media_file_bytes: int = Field(
        100 * 1024 * 1024, ge=1024, description="Larger files of messages are not kept (100 MB is WhatsApp's limit)."
    )
    media_day_bytes: int = Field(
        5 * 1024**3,
        ge=1024,
        description="The most bytes of files that are kept in a day (UTC); from then on files wait for the next day.",
    )
    drain_shift_seconds: float = Field(300, gt=0, description="How long one drain works before it hands over.")
    poll_seconds: int = Field(60, ge=1, le=60, description="How often Kapso is polled; it must divide 60.")
    trailing_hours: int = Field(
        24,
        ge=1,
        description="How far back messages and bot runs are read again every hour, for the progress of their statuses.",
    )
    silence_minutes: int = Field(
        60, ge=1, description="An alarm when nothing was received for longer, counted in business hours."
    )
    business_hours: str = Field(
        "Mon-Sat 08:00-18:00 Asia/Jakarta", description="When customers write: days, hours, time zone."
    )

    extraction_seconds: int = Field(30, ge=30, le=60, description="How often the chats with something new are read.")
    bot_name: str = Field(
        "sarah",
        min_length=1,
        description="The name that the mirror records as the author of the bot's field values and notes.",
    )
    sells: str = Field(
        "",
        max_length=300,
        description="What your business sells, in English, such as: software by the month that answers a shop's chats."
        " A language model reads chats better if it knows.",
    )
    note_event: str = Field(
        "lead.note", description="The project event by which the bot writes a note; its property text is the note."
    )
    ai_status: Literal["apply", "propose"] = Field(
        "apply",
        description="Whether AI moves leads forward by itself (new, qualified, contacted) or only proposes it. Once a"
        " manager bot has moved a lead with its API key, AI only proposes.",
    )
    model_url: str | None = Field(
        None,
        pattern=HTTP,
        description="An OpenAI-compatible endpoint that reads chats after the rules (extra: model).",
    )
    model_name: str | None = Field(None, description="The model to ask there.")
    model_api_key: Key | None = Field(None, description="Its key; some endpoints need none.")
    model_tokens_per_day: int = Field(
        1_000_000,
        ge=0,
        description="Tokens the model may cost a day (UTC); from then on rules read, and an alarm says so.",
    )
    model_chats_per_minute: int = Field(
        60,
        ge=1,
        le=10_000,
        description="Chats the model reads a minute at most. The rules read every chat before it.",
    )

    @model_validator(mode="after")
    def _names_its_model(self) -> Self:
        if self.model_url and not self.model_name:
            raise ValueError("MODEL_URL needs MODEL_NAME: which model to ask there")
        if self.model_name and not self.model_url:
            raise ValueError("MODEL_NAME needs MODEL_URL: where to ask it")
        return self

    @model_validator(mode="after")
    def _can_erase(self) -> Self:
        if self.lead_days and self.erasure_key is None:
            raise ValueError("LEAD_DAYS needs ERASURE_KEY: leads that grow too old are erased")
        return self

    @field_validator("business_hours")
    @classmethod
    def _hours(cls, value: str) -> str:
        BusinessHours.parse(value)
        return value

    @field_validator("poll_seconds")
    @classmethod
    def _divides(cls, value: int) -> int:
        if 60 % value:
            raise ValueError("it must divide 60: 1, 2, 5, 10, 15, 20, 30 or 60")
        return value


ALL: tuple[type[Settings], ...] = (ReceiverSettings, WorkerSettings)
