"""What browsers send: small forms, and a way back that stays inside."""

from contextlib import suppress
from datetime import datetime
from urllib.parse import parse_qsl
from uuid import UUID

from starlette.requests import Request

LONGEST_FORM = 100_000


async def form(request: Request) -> dict[str, str]:
    """A form's fields; the last of each name. Ours are small: a larger one, or one of many fields, is empty."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_FORM:
            return {}
    return pairs(body.decode(errors="replace"))


def pairs(text: str) -> dict[str, str]:
    """Of `a=1&b=2`; the last of each name. Of more than a hundred, none."""
    try:
        return dict(parse_qsl(text.replace("%00", ""), keep_blank_values=True, max_num_fields=100))
    except ValueError:
        return {}


def ids_of(text: str) -> list[UUID]:
    """Ids by commas; what is none is left out."""
    found = []
    for one in text.split(","):
        with suppress(ValueError):
            found.append(UUID(one))
    return found


def number(text: str | None) -> int | None:
    """A whole number that Postgres can hold; None where it is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def moment(text: str | None) -> datetime | None:
    """A time in ISO 8601 with its zone; None where it is none."""
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return at if at.tzinfo else None


def inside(path: str | None) -> str:
    """Only ever a page of ours."""
    return path if path and path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
