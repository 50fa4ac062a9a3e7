"""What browsers send: small forms, and a way back that stays inside."""

from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from starlette.convertors import Convertor
from starlette.requests import Request

# A note of ten thousand characters, each of which may be sent as twelve.
LONGEST_FORM = 200_000


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
        found = parse_qsl(text, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return {}
    return {name.replace("\0", ""): value.replace("\0", "") for name, value in found}


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
    """A time in ISO 8601 with its zone, in UTC; None where it is none, or where no calendar holds it."""
    try:
        at = datetime.fromisoformat(text or "")
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def host_of(url: str) -> str:
    """Host and port of an address; empty where it is none."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def path_of(url: str) -> str:
    """Path and query of an address; empty where it is none."""
    try:
        page = urlsplit(url)
    except ValueError:
        return ""
    return page.path + (f"?{page.query}" if page.query else "")


class RowId(Convertor[int]):
    """An id in a path: as many digits as Postgres can hold. With more there is no such page."""

    regex = "[0-9]{1,18}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


def inside(path: str | None) -> str:
    """Only ever a page of ours."""
    return path if path and path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
