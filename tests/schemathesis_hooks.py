"""Loaded by schemathesis: what a client does that no schema can say."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4
from zlib import crc32

import schemathesis

from domain.letters import is_visible

NAME = "Idempotency-Key"


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """A key stands for one request: whoever asks something else takes another one. Bodies say what is possible."""
    del context, kwargs
    key = (case.headers or {}).get(NAME)
    if isinstance(key, str) and re.fullmatch(r"[!-~]{1,200}", key):
        case.headers[NAME] = uuid4().hex
    if isinstance(case.body, dict):
        _make_possible(case.body, new_customer=(case.method, case.path) == ("POST", "/api/v1/customers"))


def _make_possible(body: dict[str, Any], *, new_customer: bool) -> None:
    """What the document says in words: numbers that exist, times that have passed, one of two fields."""
    phone, known_since = body.get("phone"), body.get("created_at")
    if isinstance(phone, str) and len(phone) <= 100:
        body["phone"] = f"+62812{crc32(phone.encode()) % 10**8:08}"
    elif new_customer and not isinstance(body.get("email"), str) and body.get("email", phone) is phone is None:
        body["email"] = f"{uuid4().hex}@example.com"
    if isinstance(known_since, str) and known_since > datetime.now(UTC).date().isoformat():
        body["created_at"] = "2020-01-01" + known_since[10:]
    content = body.get("suggested_content")
    either = {"FOLLOW_UP": ("text", "reason"), "SCHEDULE_CALL": ("topic", "suggestedTimes")}.get(str(body.get("type")))
    if isinstance(content, dict) and either and all(content.get(one) is None for one in either):
        content[either[0]] = "about the price"


@schemathesis.hook
def filter_body(context: Any, body: Any) -> bool:
    """Nobody writes a text in which nothing can be seen; which characters those are, no pattern of a schema can say."""
    del context
    return all(is_visible(text) for text in _texts(body) if text)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)
