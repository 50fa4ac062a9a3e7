"""A payload that operators may look at: its shape and what it says of itself, without what people said (pure)."""

import re
from typing import Any

import orjson

# Values of these keys say what something is, and never who or what was said.
PLAIN = frozenset({
    "type", "event", "event_type", "direction", "status", "origin", "object", "messaging_product", "field", "code",
    "timestamp", "created_at", "updated_at", "last_active_at", "started_at", "ended_at", "occurred_at", "mime_type",
    "kind", "channel", "batch", "version", "processing_status", "category", "recipient_type", "severity",
})  # fmt: skip
SHORT = re.compile(r"[\w.:+ /-]{1,60}")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NUMBER_DIGITS = 7


def masked(body: bytes) -> str:
    """Indented JSON; what is no JSON is only measured."""
    try:
        return orjson.dumps(_masked(orjson.loads(body), ""), option=orjson.OPT_INDENT_2).decode()
    except (ValueError, TypeError, RecursionError):  # orjson refuses what is nested too deeply with a TypeError
        return f"‹{len(body)} bytes that are no JSON, or nested too deeply›"


def _masked(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return {_key(name): _masked(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_masked(one, key) for one in value]
    if isinstance(value, str):
        return _text(value, key)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and len(str(value)) >= NUMBER_DIGITS:
        return value if key in PLAIN else "‹number›"
    return value


def _key(name: str) -> str:
    """Keys are names of fields, but some maps are keyed by people's numbers."""
    return name if SHORT.fullmatch(name) and sum(map(str.isdigit, name)) < NUMBER_DIGITS else "‹key›"


def _text(text: str, key: str) -> str:
    if not text or UUID.fullmatch(text) or (key in PLAIN and SHORT.fullmatch(text)):
        return text
    if text.startswith(("http://", "https://")):
        return "‹address›"
    digits = sum(map(str.isdigit, text))
    return f"‹{digits} digits›" if digits and digits >= len(text) - 3 else f"‹text, {len(text)}›"
