"""The overview, computed once for all who ask for the same one within half a minute, on a page or by the API."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from store.leads import overview
from store.leads.overview import RANGES, Overview, OverviewFilter
from store.postgres import Pool
from web.live import Hub

# The aggregates are expensive, and managers do not need them to the second.
SECONDS = 30.0


def chosen(days: str, city: str, owner: str, origin: str) -> OverviewFilter:
    """As somebody asked for it now; what is empty or no range does not filter."""
    length = next((length for length in RANGES if days == str(length)), RANGES[0])
    return OverviewFilter(datetime.now(UTC), length, city.strip() or None, owner or None, origin or None)


async def shared(hub: Hub, pool: Pool, asked: OverviewFilter, zone: ZoneInfo) -> Overview:
    key = ("overview", asked.days, asked.city, asked.owner, asked.origin, zone.key)
    found: Overview = await hub.shared(key, lambda: overview.overview(pool, asked, zone), seconds=SECONDS)
    return found
