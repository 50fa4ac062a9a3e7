"""Who works on a lead, what it is sorted by, and until when the inbox leaves it out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from domain import snooze
from store.access.accounts import User
from store.leads import leads
from store.leads.lead_records import SNOOZE
from store.postgres import Pool
from web.access import actor
from web.desk.lead_writes import LeadWrites, toast
from web.desk.menus import SNOOZES
from web.forms import form, number
from web.preferences import Preferences
from web.render import Pages, called, moment_words
from web.words import translator


@dataclass(frozen=True, slots=True)
class Work:
    pool: Pool
    pages: Pages
    writes: LeadWrites

    async def snooze(self, request: Request, user: User) -> Response:
        """`for` is one of SNOOZES or a local time. A person who wrote after the page looked (`questions`) is not
        snoozed. An undo sends `was`: what it takes back must still stand."""
        given, prefer = await form(request), self.pages.preferences(request)
        id, by, now = _lead(request), actor(user), datetime.now(UTC)

        async def write() -> dict[str, Any]:
            lead = await leads.current(self.pool, id)
            until = snooze.until(given.get("for", ""), now, prefer.zone_info)
            if "was" in given:
                await leads.patch(
                    self.pool, id, {SNOOZE: until}, version=None, by=by, was={SNOOZE: given["was"] or None}
                )
            else:
                await leads.snooze(self.pool, id, until, by=by, questions=number(given.get("questions")))
            undo = {"for": snooze.choice_of(lead[SNOOZE], now), "was": until.isoformat() if until else ""}
            name = called(lead, translator(prefer.language))
            return toast(f"{name}: {_said(until, given, prefer)}", f"/leads/{id}/snooze", undo)

        return await self.writes.write_and_show(request, user, id, write)

    async def tags(self, request: Request, user: User) -> Response:
        """Adds the tag `add`, or takes `remove` off."""
        given = await form(request)

        async def write() -> None:
            add, remove = given.get("add", "").strip(), given.get("remove")
            await leads.retag(self.pool, _lead(request), add=add, remove=remove, by=actor(user))

        return await self.writes.write_and_show(request, user, _lead(request), write)


def _said(until: datetime | None, given: Mapping[str, str], prefer: Preferences) -> str:
    t, choice = translator(prefer.language), given.get("for", "")
    if until is None or snooze.is_handled(until):
        return t(SNOOZES["handled" if until else "wake"])
    when = t(SNOOZES[choice]) if choice in SNOOZES else moment_words(until.astimezone(prefer.zone_info), t)
    return f"{t('snoozed')}, {when}"


def _lead(request: Request) -> UUID:
    id: UUID = request.path_params["id"]
    return id
