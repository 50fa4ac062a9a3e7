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
from store.postgres import Pool
from web.access import actor
from web.desk.menus import SNOOZES
from web.desk.panel import Panel, called, toast
from web.forms import form
from web.render import Pages
from web.words import translator


@dataclass(frozen=True, slots=True)
class Work:
    pool: Pool
    pages: Pages
    panel: Panel

    async def snooze(self, request: Request, user: User) -> Response:
        """`for` is one of SNOOZES or a local time; `until`, of an undo, the time that stood there before."""
        given, prefer = await form(request), self.pages.preferences(request)
        t = translator(prefer.language)

        async def write() -> dict[str, Any]:
            lead = await leads.current(self.pool, _lead(request))
            before = lead["snoozed_until"]
            choice = given.get("for", "")
            until = _moment(given) if "until" in given else snooze.until(choice, datetime.now(UTC), prefer.zone_info)
            await self._patch(request, user, {"snoozed_until": until})
            said = (
                t(SNOOZES[choice])
                if choice in SNOOZES
                else f"{until.astimezone(prefer.zone_info):%d %b %H:%M}"
                if until
                else t("back to the inbox")
            )
            if until and until < snooze.HANDLED:
                said = f"{t('snoozed')}, {said}"
            return toast(
                f"{called(lead)}: {said}",
                f"/leads/{_lead(request)}/snooze",
                {"until": before.isoformat() if before else ""},
            )

        return await self.panel.write_and_show(request, user, _lead(request), write)

    async def tags(self, request: Request, user: User) -> Response:
        """Adds the tag `add`, or takes `remove` off."""
        given = await form(request)

        async def write() -> None:
            held = list((await leads.current(self.pool, _lead(request)))["tags"] or [])
            add, remove = given.get("add", "").strip(), given.get("remove")
            now = [*(one for one in held if one != remove), *([add] if add and add not in held else [])]
            await self._patch(request, user, {"tags": now or None})

        return await self.panel.write_and_show(request, user, _lead(request), write)

    async def _patch(self, request: Request, user: User, values: Mapping[str, object]) -> None:
        await leads.patch(self.pool, _lead(request), values, version=None, by=actor(user))


def _moment(given: Mapping[str, str]) -> datetime | None:
    return datetime.fromisoformat(given["until"]) if given["until"] else None


def _lead(request: Request) -> UUID:
    id: UUID = request.path_params["id"]
    return id
