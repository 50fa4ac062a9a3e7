"""Postgres text and jsonb cannot hold NUL (pure)."""

from typing import Any


def without_nul(value: Any) -> Any:
    """A JSON value without it, in texts and keys. Deeply nested ones raise RecursionError."""
    match value:
        case str():
            return value.replace("\0", "")
        case list():
            return [without_nul(item) for item in value]
        case dict():
            return {key.replace("\0", ""): without_nul(item) for key, item in value.items()}
    return value
