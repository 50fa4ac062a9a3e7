"""What a list shows to a user, by its address; words that are nobody's name are looked for in chats."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from domain.lead_filter import LeadReader
from store.access.accounts import User
from store.postgres import Pool
from web.desk.search_in_chats import SearchInChats
from web.live import Hub
from web.query import View, view_of


class ListViews:
    def __init__(self, pool: Pool, hub: Hub) -> None:
        self._chats = SearchInChats(pool, hub)

    async def of(self, query: Mapping[str, str], user: User) -> View:
        view = view_of(query, LeadReader(user.id, user.since), user.name, datetime.now(UTC))
        found = await self._chats.resolved(view.wanted)
        return replace(view, wanted=found.wanted, chat_words=found.words, where=found.where)
