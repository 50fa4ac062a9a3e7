"""Check the HTTP services that settings name: Kapso, the model and the embedding endpoint."""

import asyncio
from typing import NamedTuple

import httpx
from pydantic import SecretStr

from config.settings import WorkerSettings
from kapso.client import PLATFORM
from store.ops.checks import Finding

PATIENCE_SECONDS = 3.0
REFUSED = (401, 403)
TOO_MANY = 429


class Endpoint(NamedTuple):
    """A service. `path` is requested with GET. `meanwhile` is the consequence while it is down."""

    setting: str
    url: str
    path: str
    key_setting: str
    headers: dict[str, str]
    meanwhile: str


async def of_endpoints(settings: WorkerSettings) -> list[Finding]:
    """Send one GET to each service, all at once. Uses no tokens of a model."""
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
        return list(await asyncio.gather(*(_look(client, one) for one in _endpoints(settings))))


def _endpoints(settings: WorkerSettings) -> list[Endpoint]:
    found = []
    if settings.kapso_api_key is not None:
        headers = {"X-API-Key": settings.kapso_api_key.get_secret_value()}
        found.append(Endpoint("KAPSO_API_URL", settings.kapso_api_url, f"{PLATFORM}/whatsapp/phone_numbers",
                              "KAPSO_API_KEY", headers, "Events that Kapso fails to push stay missing."))  # fmt: skip
    if settings.model_url:
        found.append(Endpoint("MODEL_URL", settings.model_url, "/models", "MODEL_API_KEY",
                              _bearer(settings.model_api_key), "Meanwhile, rules read the chats."))  # fmt: skip
    if settings.embedding_url:
        found.append(Endpoint("EMBEDDING_URL", settings.embedding_url, "/models", "EMBEDDING_API_KEY",
                              _bearer(settings.embedding_api_key), "Meanwhile, search uses words only."))  # fmt: skip
    return found


def _bearer(key: SecretStr | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}


async def _look(client: httpx.AsyncClient, one: Endpoint) -> Finding:
    try:
        answer = await client.get(one.url.rstrip("/") + one.path, headers=one.headers)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        # Other error texts may quote a header, and with it the key.
        said = str(error) if isinstance(error, httpx.NetworkError) and str(error) else type(error).__name__
        return Finding("wrong", f"{one.setting} {one.url} does not answer ({said}): correct it. {one.meanwhile}")
    if answer.status_code in REFUSED:
        text = f"{one.setting} {one.url} refuses {one.key_setting} ({answer.status_code}): correct the key."
        return Finding("wrong", f"{text} {one.meanwhile}")
    if answer.status_code == TOO_MANY:
        return Finding("ok", f"{one.setting} {one.url} answers, and limits our requests ({TOO_MANY})")
    if answer.is_success and not _is_json(answer):
        text = f"{one.setting} {one.url} does not answer with JSON. Correct the address."
        return Finding("wrong", f"{text} {one.meanwhile}")
    if answer.is_success:
        return Finding(
            "ok", f"{one.setting} {one.url} answers" + (f", and takes {one.key_setting}" if one.headers else "")
        )
    # An endpoint may lack a list of models, or be another service.
    text = f"{one.setting} {one.url} answers {answer.status_code} to GET {one.path}. Check the address."
    return Finding("note", f"{text} {one.meanwhile.replace('Meanwhile', 'If it is wrong')}")


def _is_json(answer: httpx.Response) -> bool:
    try:
        answer.json()
    except ValueError:
        return False
    return True
