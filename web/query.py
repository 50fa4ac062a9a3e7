"""The list's filter as it stands in the URL, and back (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from domain.lead import STATUSES
from domain.lead_filter import NOBODYS, LeadFilter, LeadReader, in_both, narrowed_by_search
from domain.search import CHOICES
from store.leads.lead_list import PLACES, ListCursor, Order
from store.postgres import NEVER

VIEWS = ("waiting", "unread", "mine", "nobodys", "snoozed", "all")
"""Beside the inbox itself: who is not snoozed."""
SORTS: Final[tuple[Order, ...]] = ("newest", "waiting", "priority", "oldest")
USUAL_SORT: Final[Mapping[str, Order]] = {"waiting": "waiting"}
AT_WORK: Final = [one for one in STATUSES if one != "archived"]
DAYS: Final = (1, 7, 30, 90)
FILTERS: Final[tuple[str, ...]] = (
    "status",
    "temperature",
    "phase",
    "city",
    "trade",
    "owner",
    "tag",
    "seen",
    "came",
    "origin",
    "q",
)
"""What narrows a list, as it stands in its address. `view` and `sort` do not."""
SINGLE: Final = ("city", "trade", "seen", "came", "origin")
LONGEST_SEARCH = 200
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class View:
    """What a list shows. If `strange` holds an unknown qualifier of the search, the list is empty."""

    wanted: LeadFilter
    after: ListCursor | None
    order: Order
    strange: list[str]
    chat_words: Sequence[str] = ()
    """Words of the search that were looked for in chats."""
    where: Mapping[UUID, str] = field(default_factory=dict)
    """Lead to the message near which it said them."""


def view_of(query: Mapping[str, str], reader: LeadReader, me: str, now: datetime) -> View:
    """Parse the parameters of a list. Unknown ones are left out, so that an old link still shows something. A search
    also finds snoozed leads. `me` is the name of the user who looks."""
    view = query.get("view", "")
    chosen = LeadFilter(
        status=values(query, "status"),
        temperature=values(query, "temperature"),
        phase=values(query, "phase"),
        city=query.get("city"),
        trade=query.get("trade"),
        owner=in_both({"mine": [me], "nobodys": [NOBODYS]}.get(view), values(query, "owner")),
        tag=values(query, "tag") or None,
        since=_days_ago(query, "seen", now),
        created_since=_days_ago(query, "came", now),
        origin=query.get("origin") or None,
        snoozed={"snoozed": True, "all": None}.get(view, False),
        awaiting_reply=True if view == "waiting" else None,
        unread_by=reader if view == "unread" else None,
    )
    if not chosen.status and view not in ("all", "snoozed"):
        chosen = replace(chosen, status=AT_WORK)
    text = query.get("q", "").strip()[:LONGEST_SEARCH]
    if text and view != "snoozed":
        chosen = replace(chosen, snoozed=None, status=values(query, "status"))
    wanted, strange = narrowed_by_search(chosen, text, reader)
    order = sort_of(query)
    return View(wanted, cursor_of(query.get("after", ""), order), order, strange)


def sort_of(query: Mapping[str, str]) -> Order:
    """As chosen; else by the last message, or whom we keep waiting longest where the list shows who waits."""
    chosen = query.get("sort", "")
    return next((one for one in SORTS if one == chosen), USUAL_SORT.get(query.get("view", ""), "newest"))


def _days_ago(query: Mapping[str, str], name: str, now: datetime) -> datetime | None:
    """To the hour, so that all who look within it look at the same view."""
    chosen = next((days for days in DAYS if str(days) == query.get(name)), None)
    return now.replace(minute=0, second=0, microsecond=0) - timedelta(days=chosen) if chosen else None


def values(query: Mapping[str, str], name: str) -> list[str]:
    """The values chosen for a filter: `status=new,qualified`. Of a closed vocabulary, only those that it knows."""
    return [value for value in query.get(name, "").split(",") if value and value in CHOICES.get(name, (value,))]


def narrowings(query: Mapping[str, str]) -> list[tuple[str, str]]:
    """What narrows the list, name and value each; the search is not among them."""
    found = [
        (name, value) for name in ("status", "temperature", "phase", "owner", "tag") for value in values(query, name)
    ]
    found += [(name, query[name]) for name in ("city", "trade", "origin") if query.get(name)]
    return found + [(name, query[name]) for name in ("seen", "came") if query.get(name, "") in map(str, DAYS)]


def toggled(query: Mapping[str, str], name: str, value: str) -> str:
    """The query with one value of a filter put in or taken out; of cities, trades and days there is one at most."""
    if name in SINGLE:
        return with_changes(query, **{name: None if query.get(name) == value else value})
    on = values(query, name)
    now = [one for one in on if one != value] if value in on else [*on, value]
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
    """Return the query with some of it changed, for the first page. None takes a filter out."""
    merged = {**query, "after": None, "before": None, **changes}
    return urlencode({name: value for name, value in merged.items() if value})
