"""The list's filter as it stands in the URL, and back (pure)."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from rows.lead import PHASES, STATUSES, TEMPERATURES
from store.leads import Cursor, Filter

CHOICES = {"status": STATUSES, "temperature": TEMPERATURES, "phase": PHASES}


def filter_of(query: Mapping[str, str]) -> Filter:
    """What the list can't filter by is left out: an old link still shows something."""
    chosen = {name: query[name] for name, allowed in CHOICES.items() if query.get(name) in allowed}
    score = query.get("score", "")
    return Filter(
        status=[chosen["status"]] if "status" in chosen else None,
        temperature=[chosen["temperature"]] if "temperature" in chosen else None,
        phase=[chosen["phase"]] if "phase" in chosen else None,
        city=query.get("city") or None,
        awaiting_reply=True if query.get("waiting") else None,
        score=int(score) if score.isdigit() else None,
    )


def cursor_of(query: Mapping[str, str]) -> Cursor | None:
    try:
        recency, _, contact = query["after"].partition("~")
        return Cursor(datetime.fromisoformat(recency), UUID(contact))
    except (KeyError, ValueError):
        return None


def cursor_text(cursor: Cursor) -> str:
    return f"{cursor.recency.isoformat()}~{cursor.contact_id}"


def with_changes(query: Mapping[str, str], **changes: str | None) -> str:
    """The query with some of it changed; None takes a filter out. Always back to the first page."""
    merged = {**query, **changes, "after": None}
    return urlencode({name: value for name, value in merged.items() if value})
