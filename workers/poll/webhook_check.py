"""What a webhook must be for nothing to be missed, held against what Kapso has. Pure."""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from kapso.events import subscribed


class WebhookProblem(NamedTuple):
    """`webhook_id` is None where there is no webhook at all; `phone_number_id` is None for the project's."""

    phone_number_id: str | None
    webhook_id: str | None
    kind: str
    what: str


def wanted_events(phone_number_id: str | None) -> tuple[str, ...]:
    return subscribed("project" if phone_number_id is None else "number")


def problems(
    webhooks: Iterable[dict[str, Any]], phone_number_id: str | None, *, url: str, secrets: Collection[str]
) -> list[WebhookProblem]:
    """Of the webhooks of one number (None: of the project) those that point at `url` are ours."""
    of = f"number {phone_number_id}" if phone_number_id else "the project"
    ours = [webhook for webhook in webhooks if str(webhook.get("url", "")).rstrip("/") == url.rstrip("/")]
    if not ours:
        return [
            WebhookProblem(
                phone_number_id, None, "missing", f"{of} has no webhook to {url}: run mirror webhooks register"
            )
        ]
    return [problem for webhook in ours for problem in _of_one(webhook, phone_number_id, of, secrets)]


def _of_one(
    webhook: dict[str, Any], phone_number_id: str | None, of: str, secrets: Collection[str]
) -> Iterable[WebhookProblem]:
    id = str(webhook.get("id"))
    if webhook.get("active") is False:
        yield WebhookProblem(phone_number_id, id, "paused", f"the webhook of {of} is paused, Kapso drops everything: "
                      "mirror webhooks resume")  # fmt: skip
    secret = webhook.get("secret_key")
    if secret and secret not in secrets:
        yield WebhookProblem(phone_number_id, id, "secret", f"the webhook of {of} signs with a secret that is not "
                      "among KAPSO_WEBHOOK_SECRETS: add it there, or mirror webhooks register")  # fmt: skip
    if webhook.get("kind", "kapso") != "kapso":
        return
    events = webhook.get("events")
    missing = [name for name in wanted_events(phone_number_id) if name not in (events or [])]
    if isinstance(events, list) and missing:
        yield WebhookProblem(phone_number_id, id, "events", f"the webhook of {of} leaves out {', '.join(missing)}: "
                      "mirror webhooks register")  # fmt: skip
