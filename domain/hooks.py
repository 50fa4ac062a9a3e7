"""Events that hooks can get, their secrets, retry pauses and sentences (pure)."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

HookEvent: TypeAlias = Literal[
    "lead.created", "lead.became_hot", "lead.status_changed", "handoff.created", "suggestion.decided", "alarm.began",
    "alarm.ended", "hook.test",
]  # fmt: skip
EVENTS: Final[tuple[HookEvent, ...]] = (
    "lead.created", "lead.became_hot", "lead.status_changed", "handoff.created", "suggestion.decided", "alarm.began",
    "alarm.ended",
)  # fmt: skip
"""The events that a hook can choose. `hook.test` is sent on request only."""
HookKind: TypeAlias = Literal["webhook", "slack", "email"]
KINDS: Final[tuple[HookKind, ...]] = ("webhook", "slack", "email")
# Seconds before each retry; together a little under a day. After the last, the notification is dead.
PAUSES: Final = (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 21_600, 36_000)
BOTH_VALID: Final = timedelta(days=1)
"""How long after a rotation messages carry the signature of the old secret too."""


def secret(key: bytes, hook: UUID, generation: int) -> str:
    """Return the secret of a webhook in the format of Standard Webhooks: whsec_ and base64 of 32 bytes."""
    made = hmac.digest(key, f"hook {hook} {generation}".encode(), hashlib.sha256)
    return f"whsec_{base64.b64encode(made).decode()}"


def secrets(key: bytes, hook: UUID, generation: int, rotated_at: datetime | None, now: datetime) -> list[str]:
    """Return the secrets to sign with: the newest first, then the one before it for a day after a rotation."""
    found = [secret(key, hook, generation)]
    if generation > 1 and rotated_at and now - rotated_at < BOTH_VALID:
        found.append(secret(key, hook, generation - 1))
    return found


def sentence(event: str, data: dict[str, Any]) -> str:
    """Return one line about the event, for Slack or the subject of an e-mail."""
    lead = data.get("lead") or {}
    who = lead.get("name") or lead.get("phone") or "Somebody"
    about = ", ".join(filter(None, (lead.get("business_type"), lead.get("city"))))
    person = f"{who} ({about})" if about else who
    match event:
        case "lead.created":
            return f"New lead: {person}"
        case "lead.became_hot":
            return f"{person} became hot, with a score of {lead.get('score')}"
        case "lead.status_changed":
            return f"{person}: {data.get('from')} → {data.get('to')}"
        case "handoff.created":
            reason = str((data.get("handoff") or {}).get("handoff_reason", "")).replace("_", " ")
            return f"Handoff: {person} ({reason})" if reason else f"Handoff: {person}"
        case "suggestion.decided":
            return f"A suggestion for {person} was decided: {str(data.get('status')).lower()}"
        case "alarm.began":
            return f"Alarm: {data.get('what')}"
        case "alarm.ended":
            return f"The alarm {data.get('name')} is over"
    return "This is a test notification of the mirror."
