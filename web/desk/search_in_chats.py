"""Words of a search that are nobody's name, number, trade or city: they are looked for in what was said."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple
from uuid import UUID

from domain.lead_filter import LeadFilter
from store.knowledge import articles
from store.leads import lead_list
from store.postgres import Pool
from web.live import Hub

SECONDS: Final = 10.0
MOST: Final = 2000


class ResolvedSearch(NamedTuple):
    """`words` were found in chats; `where` says for each lead near which message."""

    wanted: LeadFilter
    words: Sequence[str] = ()
    where: Mapping[UUID, str] = {}


class SearchInChats:
    def __init__(self, pool: Pool, hub: Hub) -> None:
        self._pool = pool
        self._hub = hub

    async def resolved(self, wanted: LeadFilter) -> ResolvedSearch:
        """The filter with such words looked for in chats; as it was where no chat has them.

        `harga surabaya`: who is in Surabaya and said something of the price.
        """
        if not wanted.parts or all(part.isdigit() for part in wanted.parts):
            return ResolvedSearch(wanted)

        async def look() -> tuple[list[str], dict[UUID, str]]:
            strangers = [part for part in wanted.parts if not await self._is_known(part)]
            return strangers, await articles.leads_that_say(self._pool, " ".join(strangers), limit=MOST)

        strangers, where = await self._hub.shared(("said", tuple(wanted.parts)), look, seconds=SECONDS)
        if not where:
            return ResolvedSearch(wanted)
        among = [id for id in where if wanted.among is None or id in wanted.among]
        known = [one for one in wanted.parts if one not in strangers]
        return ResolvedSearch(replace(wanted, parts=known, among=among), strangers, where)

    async def _is_known(self, part: str) -> bool:
        return await lead_list.how_many(self._pool, LeadFilter(parts=[part]), most=1) > 0
