"""The slow full pass over contacts: edits and deletions show only here.

Contacts that Kapso deleted are flagged, and not erased.
"""

from datetime import UTC, datetime
from typing import Any

import structlog

from kapso.base import AHEAD, iso_time
from kapso.client import Client, Gone, Priority, pages
from store.mirror import cursors, reconcile
from store.mirror.reconcile import ComparisonCounts
from store.ops import alarms
from store.postgres import Pool
from workers.poll.compare import Comparer

log = structlog.get_logger(__name__)

ALARM = "contacts vanished"
MOST_ASKED = 100
VANISHED = (
    "{count} contacts are gone at Kapso, but not from the mirror: see the table vanished_contacts. If one was deleted "
    "on purpose, erase it here too (mirror erase CONTACT). Then delete its row from vanished_contacts."
)


async def contacts(
    pool: Pool, client: Client, comparer: Comparer, found: ComparisonCounts | None = None
) -> ComparisonCounts:
    """Compare all contacts at Kapso with the mirror, and flag those that Kapso no longer has.

    Skip a contact that the mirror does not know and that has not changed since the mirror began.
    """
    begun, began_at = datetime.now(UTC), await cursors.began_at(pool)
    found, listed = found or ComparisonCounts(), set[str]()
    async for page in pages(lambda after: client.contacts(after, Priority.VERIFY)):
        listed.update(str(item.get("id")) for item in page.items)
        wanted = await _ours(pool, page.items, began_at)
        found.add(await comparer.page("poll.contacts", [{"contact": item} for item in wanted]))
    missed = sorted(await reconcile.kapso_contacts(pool, begun) - listed)
    gone = [id for id in missed[:MOST_ASKED] if await _is_gone(client, id)]
    await reconcile.flag_vanished(pool, gone)
    found.extra = await reconcile.vanished(pool)
    await alarms.set_or_clear(pool, ALARM, VANISHED.format(count=found.extra) if found.extra else None)
    return found


async def _ours(pool: Pool, items: list[dict[str, Any]], began_at: datetime) -> list[dict[str, Any]]:
    named = {name for item in items for name in _names(item)}
    known = await reconcile.known_names(pool, sorted(named))
    return [item for item in items if known.intersection(_names(item)) or _changed(item) >= began_at]


def _names(contact: dict[str, Any]) -> list[str]:
    number, bsuid = contact.get("wa_id"), contact.get("business_scoped_user_id")
    return ([f"+{number}"] if number else []) + ([str(bsuid)] if bsuid else [])


def _changed(contact: dict[str, Any]) -> datetime:
    now = datetime.now(UTC)
    latest = now + AHEAD
    return iso_time(contact.get("updated_at"), latest) or iso_time(contact.get("created_at"), latest) or now


async def _is_gone(client: Client, id: str) -> bool:
    try:
        await client.contact(id, Priority.VERIFY)
    except Gone:
        log.info("a contact is gone at kapso", kapso_id=id)
        return True
    return False
