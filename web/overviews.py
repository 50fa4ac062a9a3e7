"""The overview for pages and the API, cached for half a minute."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from store.leads import overview
from store.leads.overview import RANGES, Overview, OverviewFilter
from store.postgres import Pool
from web.live import Hub

# The aggregates are expensive, and managers do not need them to the second.
SECONDS = 30.0


def chosen(days: str, city: str, owner: str, origin: str) -> OverviewFilter:
    """Parse the parameters of a request. An empty value does not filter; an unknown `days` is the shortest range."""
    length = next((length for length in RANGES if days == str(length)), RANGES[0])
    return OverviewFilter(datetime.now(UTC), length, city.strip() or None, owner or None, origin or None)


async def shared(hub: Hub, pool: Pool, asked: OverviewFilter, zone: ZoneInfo) -> Overview:
    """Return the overview. Equal requests within SECONDS share one computation. Weeks begin in `zone`."""
    key = ("overview", asked.days, asked.city, asked.owner, asked.origin, zone.key)
    found: Overview = await hub.shared(key, lambda: overview.overview(pool, asked, zone), seconds=SECONDS)
    return found
