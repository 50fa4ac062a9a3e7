"""What is done to many leads at once: each by itself, as if it had been done one after the other."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from domain import snooze
from domain.field_kinds import NotAllowed
from domain.lead_filter import NOBODYS
from store.access.accounts import User
from store.leads import leads
from store.leads.leads import Actor, NotFound
from store.postgres import Pool
from web.access import actor
from web.forms import form
from web.live import Hub
from web.render import Pages
from web.words import told, translator

MOST: Final = 500
Act = Callable[[UUID], Awaitable[leads.PatchedLead]]


class Many:
    def __init__(self, pool: Pool, pages: Pages, hub: Hub) -> None:
        self._pool = pool
        self._pages = pages
        self._hub = hub

    async def act(self, request: Request, user: User) -> Response:
        """`ids` by commas, `act` (status, owner, snooze or tag) and `value`. Answers {text} for the toast, and `undo`:
        forms that take it back.

        One that is gone or may not be changed does not stop the others; the answer says how many did not change.
        """
        given, prefer = await form(request), self._pages.preferences(request)
        t = translator(prefer.language)
        try:
            ids = [UUID(one) for one in given.get("ids", "").split(",") if one]
            change = self._change(given, actor(user), prefer.zone_info)
        except (ValueError, KeyError) as error:
            return JSONResponse({"text": told(error, t) if isinstance(error, NotAllowed) else ""}, 422)
        if not 0 < len(ids) <= MOST:
            return JSONResponse({"text": t("Choose from 1 to {most} leads.", most=MOST)}, 422)
        done = {id: before for id in ids if (before := await self._before(change, id)) is not None}
        self._hub.forget()
        left = len(ids) - len(done)
        text = t("{n} leads changed.", n=len(done)) + (" " + t("{n} stayed as they were.", n=left) if left else "")
        return JSONResponse({"text": text, "undo": taken_back(given["act"], done) or None})

    def _change(self, given: Mapping[str, str], by: Actor, zone: Any) -> Act:
        value = given["value"].strip()

        async def set_status(id: UUID) -> leads.PatchedLead:
            return await leads.set_status(self._pool, id, value, by=by)

        def patch(name: str, new: Any) -> Act:
            async def write(id: UUID) -> leads.PatchedLead:
                return await leads.patch(self._pool, id, {name: new}, version=None, by=by)

            return write

        async def tag(id: UUID) -> leads.PatchedLead:
            held = (await leads.current(self._pool, id))["tags"] or []
            return await leads.patch(self._pool, id, {"tags": [*held, value]}, version=None, by=by)

        match given["act"]:
            case "status":
                return set_status
            case "owner":
                return patch("owner", None if value == NOBODYS else value)
            case "snooze":
                return patch("snoozed_until", snooze.until(value, datetime.now(UTC), zone))
            case "tag":
                return tag
        raise KeyError(given["act"])

    async def _before(self, change: Act, id: UUID) -> asyncpg.Record | None:
        """The lead as it stood before it was changed; None where it was not."""
        try:
            before = await leads.current(self._pool, id)
            return before if (await change(id)).changed else None
        except (NotFound, NotAllowed):
            return None


def taken_back(act: str, before: Mapping[UUID, Mapping[str, Any]]) -> list[dict[str, str]]:
    """Forms that set leads back: one for each value that some of them had. Tags are not taken back."""
    had: dict[str, list[str]] = {}
    for id, lead in before.items():
        if act == "snooze":
            value = lead["snoozed_until"].isoformat() if lead["snoozed_until"] else "wake"
        elif act in ("status", "owner"):
            value = lead[act] or NOBODYS
        else:
            continue
        had.setdefault(value, []).append(str(id))
    return [{"act": act, "value": value, "ids": ",".join(ids)} for value, ids in had.items()]
