"""The list's filter as it stands in the URL, and back (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from rows import search
from rows.lead import PHASES, STATUSES, TEMPERATURES
from store.lead_list import Cursor, Filter, Order, Reader

CHOICES = {"status": STATUSES, "temperature": TEMPERATURES, "phase": PHASES}
VIEWS = ("unread", "waiting", "oldest", "priority")
ORDERS: dict[str, Order] = {"oldest": "oldest", "priority": "priority"}
OPEN = ["new", "qualified", "contacted"]
LONGEST_SEARCH = 200
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class View:
    """What a list shows. `strange` are words of the search that nobody understands."""

    wanted: Filter
    after: Cursor | None
    order: Order
    strange: list[str]


def view_of(query: Mapping[str, str], reader: Reader) -> View:
    """What the list can't filter by is left out: an old link still shows something."""
    asked = search.parse(query.get("q", "")[:LONGEST_SEARCH])
    view = query.get("view")

    def chosen(name: str) -> list[str] | None:
        return [*values(query, name), *asked.chosen.get(name, [])] or None

    wanted = Filter(
        status=chosen("status") or (OPEN if view == "priority" else None),
        temperature=chosen("temperature"),
        phase=chosen("phase"),
        city=query.get("city") or asked.city,
        awaiting_reply=True if view in ("waiting", "oldest") or asked.waiting else None,
        score=asked.least_score,
        most_score=asked.most_score,
        parts=asked.parts,
        unread_by=reader if view == "unread" or asked.unread else None,
    )
    order = ORDERS.get(view or "", "newest")
    return View(wanted, cursor_of(query.get("after", ""), order), order, asked.strange)


def values(query: Mapping[str, str], name: str) -> list[str]:
    """The values chosen for a filter: `status=new,qualified`."""
    return [value for value in query.get(name, "").split(",") if value in CHOICES[name]]


def toggled(query: Mapping[str, str], name: str, value: str) -> str:
    """The query with one value of a filter put in or taken out."""
    chosen = values(query, name)
    now = [one for one in chosen if one != value] if value in chosen else [*chosen, value]
    return with_changes(query, **{name: ",".join(now)})


def cursor_of(text: str, order: Order) -> Cursor | None:
    place, _, contact = text.partition("~")
    try:
        return Cursor(rank_of(place) if order == "priority" else moment_of(place), UUID(contact))
    except ValueError:
        return None


def cursor_text(cursor: Cursor) -> str:
    place = cursor.place
    return f"{place if isinstance(place, int) else moment_text(place)}~{cursor.contact_id}"


def rank_of(text: str) -> int:
    """Raises ValueError. Ranks go from -1 to 100: what lies beyond is before or behind them all."""
    return max(-2, min(int(text), 101))


def moment_text(at: datetime) -> str:
    """As it stands in a cursor: microseconds since 1970."""
    return str((at - EPOCH) // timedelta(microseconds=1))


def moment_of(text: str) -> datetime:
    """Raises ValueError. What lies before all time is the time of those who never wrote."""
    try:
        return EPOCH + timedelta(microseconds=int(text))
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def with_changes(query: Mapping[str, str], **changes: str | int | None) -> str:
    """The query with some of it changed; None takes a filter out. Always back to the first page."""
    merged = {**query, "after": None, **changes}
    return urlencode({name: value for name, value in merged.items() if value})
