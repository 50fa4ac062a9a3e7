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
    """Return warnings about short secrets, secrets with quotes, and a missing ERASURE_KEY."""
    found = []
    secrets = [secret.get_secret_value() for secret in settings.kapso_webhook_secrets]
    if any(len(secret) < SHORT for secret in secrets):
        found.append(f"KAPSO_WEBHOOK_SECRETS has one of fewer than {SHORT} characters. It can be guessed.")
    if any(secret[:1] in "\"'" and secret[:1] == secret[-1:] for secret in secrets):
        found.append("KAPSO_WEBHOOK_SECRETS has quotes in it. Leave them out where no shell reads the file.")
    if settings.metrics_token and len(settings.metrics_token.get_secret_value()) < SHORT:
        found.append(f"METRICS_TOKEN has fewer than {SHORT} characters. It can be guessed.")
    if settings.erasure_key is None:
        found.append("ERASURE_KEY is not set: nobody can be erased. Set it before the first backup, and keep it.")
    return found


def misspelt(environment: Iterable[str]) -> list[str]:
    """Return a warning for each variable whose name resembles a setting."""
    known = {name.upper() for kind in ALL for name in kind.model_fields} | OTHERS
    near = {name: get_close_matches(name, known, 1, ALIKE) for name in sorted(set(environment) - known)}
    return [f"{name} is no setting. Did you mean {found[0]}?" for name, found in near.items() if found]


def addresses(settings: WorkerSettings, environment: Mapping[str, str]) -> list[str]:
    """Return warnings about WEBHOOK_URL and FORWARDED_ALLOW_IPS."""
    found = []
    for part in filter(None, (one.strip() for one in environment.get("FORWARDED_ALLOW_IPS", "").split(","))):
        if part == "*":
            found.append("FORWARDED_ALLOW_IPS is *: anybody may say where they come from. Name your proxy's address.")
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
