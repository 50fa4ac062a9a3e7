"""How the bytes of a delivery are read: JSON of any encoding, without what Postgres cannot keep (pure)."""

import json
import math
from typing import Any

import orjson

# Escapes that may stand for a NUL or for half of a surrogate pair; orjson refuses the latter.
NUL = b"\\u0000"
REPLACEMENT = "\ufffd"


def parsed_json(body: bytes) -> Any:
    """The value; None if it is no JSON, or nested without end.

    A byte order mark, bytes that are no UTF-8 and lone surrogates cost at most the text they stand in: they are
    replaced. NUL is left out, since Postgres keeps none.
    """
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _tolerant(body)
    try:
        return cleaned(parsed) if NUL in body else parsed
    except RecursionError:
        return None


def _tolerant(body: bytes) -> Any:
    try:
        text = body.decode(json.detect_encoding(body), errors="replace").lstrip("\ufeff")
        return cleaned(
            json.loads(text, parse_constant=lambda _: None, parse_int=_number, parse_float=_number, strict=False)
        )
    except (ValueError, RecursionError):
        return None


def _number(digits: str) -> int | float | None:
    """None for one that no column holds."""
    number = float(digits)
    if not math.isfinite(number):
        return None
    return int(digits) if digits.lstrip("-").isdigit() else number


def cleaned(value: Any) -> Any:
    """The value without NUL and lone surrogates, in texts and keys. Raises RecursionError."""
    match value:
        case str():
            return clean_text(value)
        case list():
            return [cleaned(item) for item in value]
        case dict():
            return {clean_text(key): cleaned(item) for key, item in value.items()}
    return value


def clean_text(text: str) -> str:
    text = text.replace("\0", "")
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def batch_of(body: dict[str, Any]) -> list[Any] | None:
    """The elements of a batch; None where the body is one event. A batch is whatever has a list called `data`."""
    data = body.get("data")
    return data if isinstance(data, list) and "message" not in body else None
