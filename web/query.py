"""The list's filter as it stands in the URL, and back (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from domain.lead_filter import LeadFilter, LeadReader, narrowed_by_search
from domain.search import CHOICES
from store.leads.lead_list import PLACES, ListCursor, Order
from store.postgres import NEVER

VIEWS = ("unread", "waiting", "oldest", "priority")
ORDERS: dict[str, Order] = {"oldest": "waiting", "priority": "priority"}
OPEN = ["new", "qualified", "contacted"]
LONGEST_SEARCH = 200
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class View:
    """What a list shows. `strange` are words of the search that nobody understands: with one, it shows nobody."""

    wanted: LeadFilter
    after: ListCursor | None
    order: Order
    strange: list[str]


def view_of(query: Mapping[str, str], reader: LeadReader) -> View:
    """What the list can't filter by is left out: an old link still shows something. A search is taken at its word."""
    view = query.get("view")
    chosen = LeadFilter(
        status=values(query, "status"),
        temperature=values(query, "temperature"),
        phase=values(query, "phase"),
        city=query.get("city"),
        awaiting_reply=True if view in ("waiting", "oldest") else None,
        unread_by=reader if view == "unread" else None,
    )
    wanted, strange = narrowed_by_search(chosen, query.get("q", "")[:LONGEST_SEARCH], reader)
    if view == "priority" and not wanted.status:
        wanted = replace(wanted, status=OPEN)
    order = ORDERS.get(view or "", "newest")
    return View(wanted, cursor_of(query.get("after", ""), order), order, strange)


def values(query: Mapping[str, str], name: str) -> list[str]:
    """The values chosen for a filter: `status=new,qualified`."""
    return [value for value in query.get(name, "").split(",") if value in CHOICES[name]]


def toggled(query: Mapping[str, str], name: str, value: str) -> str:
    """The query with one value of a filter put in or taken out."""
    chosen = values(query, name)
    now = [one for one in chosen if one != value] if value in chosen else [*chosen, value]
    return with_changes(query, **{name: ",".join(now)})


def cursor_of(text: str, order: Order) -> ListCursor | None:
    """As cursor_text wrote it; None for anything else."""
    told, _, contact = text.partition("~")
    read = rank_of if order == "priority" else moment_of
    try:
        places = tuple(read(part) for part, _ in zip(told.split("."), PLACES[order], strict=False))
        return ListCursor(places, UUID(contact)) if len(places) == len(PLACES[order]) else None
    except ValueError:
        return None


def cursor_text(cursor: ListCursor) -> str:
    """Two numbers in every order, so that one pattern describes them all."""
    first, *second = (place if isinstance(place, int) else moment_text(place) for place in cursor.places)
    return f"{first}.{second[0] if second else 0}~{cursor.contact_id}"


def rank_of(text: str) -> int:
    """Raises ValueError. Ranks go from -1 to 100: what lies beyond is before or behind them all."""
    return max(-2, min(int(text), 101))


def moment_text(at: datetime) -> str:
    """As it stands in a cursor: microseconds since 1970."""
    return str((at - EPOCH) // timedelta(microseconds=1))


def moment_of(text: str) -> datetime:
    """Raises ValueError. A moment that no calendar holds is read as the moment before all others."""
    try:
        return EPOCH + timedelta(microseconds=int(text))
    except OverflowError:
        return NEVER


def with_changes(query: Mapping[str, str], **changes: str | int | None) -> str:
    """The query with some of it changed; None takes a filter out. Always back to the first page."""
    merged = {**query, "after": None, **changes}
    return urlencode({name: value for name, value in merged.items() if value})
