"""Warnings about settings that are valid but unsafe or probably wrong (pure)."""

import ipaddress
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final
from urllib.parse import urlsplit

from config.settings import ALL, ReceiverSettings, WorkerSettings

SAMPLES: Final = ("secret", "the-secret-of-the-webhook", "the-one-before")
"""Public secrets of .env.example."""
SHORT: Final = 16
# Variables of uvicorn and of the development stack.
OTHERS: Final = {"FORWARDED_ALLOW_IPS", "DASHBOARD_URL"}
ALIKE: Final = 0.8
QUOTES: Final = "\"'“”‘’„"
POSTGRES: Final = ("PGSSLMODE", "PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGOPTIONS")
PROXIES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
# Every shell has it, and it resembles SELLS.
NO_SETTINGS: Final = frozenset({"SHELL"})


def samples(settings: ReceiverSettings | WorkerSettings) -> list[str]:
    """Return a warning for each secret that is still the one of .env.example."""
    found = []
    for name, url in (("DATABASE_URL", settings.database_url), ("REDIS_URL", settings.redis_url)):
        if urlsplit(url.get_secret_value()).password in SAMPLES:
            found.append(f"{name} has the password of .env.example. Choose another.")
    if any(secret.get_secret_value() in SAMPLES for secret in settings.kapso_webhook_secrets):
        found.append("KAPSO_WEBHOOK_SECRETS are those of .env.example. Write the secret_key of your webhook.")
    return found


def weak(settings: ReceiverSettings) -> list[str]:
    """Return warnings about short secrets."""
    found = []
    secrets = [secret.get_secret_value() for secret in settings.kapso_webhook_secrets]
    if any(len(secret) < SHORT for secret in secrets):
        found.append(f"KAPSO_WEBHOOK_SECRETS has one of fewer than {SHORT} characters. It can be guessed.")
    if settings.metrics_token and len(settings.metrics_token.get_secret_value()) < SHORT:
        found.append(f"METRICS_TOKEN has fewer than {SHORT} characters. It can be guessed.")
    return found


def spoilt(environment: Mapping[str, str]) -> list[str]:
    """Return a warning for each setting with quotes or a comment in its value, which only a shell removes."""
    found = []
    for name in sorted({name.upper() for kind in ALL for name in kind.model_fields} & set(environment)):
        value = environment[name]
        if value[:1] in QUOTES and value[-1:] in QUOTES and len(value) > 1:
            found.append(f"{name} has quotes around its value. Remove them: only a shell strips quotes.")
        elif " #" in value:
            found.append(
                f"{name} has a comment in its value. Move the comment to a line of its own: only a shell strips it."
            )
    return found


def unasked(environment: Mapping[str, str]) -> list[str]:
    """Return a warning for each variable of libpq, and of proxies, that changes connections."""
    found = [
        f"{name} is set and applies where DATABASE_URL has no value for it. Unset it if that is not intended."
        for name in POSTGRES
        if environment.get(name)
    ]
    return found + [
        f"{name} is set: requests to Kapso, models and identity providers go through that proxy."
        for name in PROXIES
        if environment.get(name) or environment.get(name.lower())
    ]


def misspelt(environment: Iterable[str]) -> list[str]:
    """Return a warning for each variable whose name resembles a setting."""
    environment = [name for name in environment if not name.startswith("PG") and name not in NO_SETTINGS]
    known = {name.upper() for kind in ALL for name in kind.model_fields} | OTHERS
    near = {name: get_close_matches(name, known, 1, ALIKE) for name in sorted(set(environment) - known)}
    return [f"{name} is no setting. Did you mean {found[0]}?" for name, found in near.items() if found]


def unreachable(settings: WorkerSettings) -> list[str]:
    """Return a warning for a WEBHOOK_URL that only this machine can reach."""
    host = urlsplit(settings.webhook_url or "").hostname or ""
    if host == "localhost" or host.startswith("127."):
        return [f"WEBHOOK_URL names {host}, which Kapso can't reach. That is fine for a trial."]
    return []


def addresses(settings: WorkerSettings, environment: Mapping[str, str]) -> list[str]:
    """Return warnings about WEBHOOK_URL and FORWARDED_ALLOW_IPS."""
    found = []
    for part in filter(None, (one.strip() for one in environment.get("FORWARDED_ALLOW_IPS", "").split(","))):
        if part == "*" or part.endswith("/0"):
            found.append(f"FORWARDED_ALLOW_IPS is {part}: any client can forge its address. Name your proxy's address.")
        elif not _is_network(part):
            found.append(f"FORWARDED_ALLOW_IPS has {part!r}, which is no address. Write 10.0.0.5 or 10.0.0.0/8.")
    if url := settings.webhook_url:
        parts = urlsplit(url)
        if parts.path.rstrip("/") != "/webhooks/kapso":
            found.append("WEBHOOK_URL does not end in /webhooks/kapso, where deliveries are taken. Add it.")
        if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1"):
            found.append("WEBHOOK_URL does not begin with https://. Kapso would send chats in the clear.")
    return found


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
