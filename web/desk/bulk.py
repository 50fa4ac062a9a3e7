"""What is done to many leads at once: each by itself, as if it had been done one after the other."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from domain import snooze
from domain.field_kinds import NotAllowed
from domain.lead_filter import NOBODYS
from store.access.accounts import User
from store.leads import leads
from store.leads.lead_records import SNOOZE
from store.leads.leads import Actor, NotFound
from store.postgres import Pool
from web.access import actor
from web.forms import form, ids_of
from web.live import Hub
from web.render import Pages
from web.words import told, translator

MOST: Final = 500
FIELDS: Final = {"owner": "owner", "snooze": SNOOZE}
Act = Callable[[UUID], Awaitable[leads.PatchedLead]]


class BulkActions:
    def __init__(self, pool: Pool, pages: Pages, hub: Hub) -> None:
        self._pool = pool
        self._pages = pages
        self._hub = hub

    async def act(self, request: Request, user: User) -> Response:
        """Change many leads. Form: `ids` (comma-separated), `act` (status, owner, snooze or tag) and `value`.

        An undo also sends `was`: a lead whose value is another by now is skipped. The response holds `text` for the
        toast and `undo`, the forms that take it back. A lead that is gone or may not be changed does not stop the
        others; the response says how many did not change, and why.
        """
        given, prefer = await form(request), self._pages.preferences(request)
        t, now = translator(prefer.language), datetime.now(UTC)
        ids = list(dict.fromkeys(ids_of(given.get("ids", ""))))
        if not 0 < len(ids) <= MOST:
            return JSONResponse({"text": t("Select 1 to {most} leads.", most=MOST)}, 422)
        try:
            value = parsed(given.get("act", ""), given.get("value", "").strip(), now, prefer.zone_info)
            change = self._change(given, value, actor(user))
        except NotAllowed as error:
            return JSONResponse({"text": told(error, t)}, 422)
        done, wrong = await self._changed(change, ids)
        self._hub.forget()
        left = len(ids) - len(done)
        text = t("{n} leads changed.", n=len(done)) + (" " + t("{n} stayed as they were.", n=left) if left else "")
        text += f" {told(wrong, t)}" if wrong else ""
        undo = taken_back(given["act"], value, done, now) or None
        return JSONResponse({"text": text, "undo": undo}, 422 if wrong and not done else 200)

    def _change(self, given: Mapping[str, str], value: Any, by: Actor) -> Act:
        pool, act = self._pool, given["act"]

        async def write(id: UUID) -> leads.PatchedLead:
            if act == "status":
                return await leads.set_status(pool, id, value, by=by, was=given.get("was"))
            if act == "tag":
                return await leads.retag(pool, id, add=value, by=by)
            was = {FIELDS[act]: given["was"] or None} if "was" in given else None
            return await leads.patch(pool, id, {FIELDS[act]: value}, version=None, by=by, was=was)

        return write

    async def _changed(self, change: Act, ids: Sequence[UUID]) -> tuple[dict[UUID, asyncpg.Record], NotAllowed | None]:
        """Those that changed, as they stood before, and the first refusal."""
        done, wrong = {}, None
        for id in ids:
            try:
                before = await leads.current(self._pool, id)
                if (await change(id)).changed:
                    done[id] = before
            except NotAllowed as error:
                wrong = wrong or error
            except NotFound:
                continue
        return done, wrong


def parsed(act: str, value: str, now: datetime, zone: ZoneInfo) -> Any:
    """What an action sets. Raises NotAllowed."""
    if act == "snooze":
        return snooze.until(value, now, zone)
    if act == "owner":
        return None if value == NOBODYS else value
    if act in ("status", "tag"):
        return value
    raise NotAllowed("{name} must be one of: {allowed}", name="act", allowed="status, owner, snooze, tag")


def taken_back(act: str, value: Any, before: Mapping[UUID, Mapping[str, Any]], now: datetime) -> list[dict[str, str]]:
    """Forms that set leads back: one for each value that some of them had. Tags are not taken back."""
    if act == "tag":
        return []
    had: dict[str, list[str]] = {}
    for id, lead in before.items():
        old = snooze.choice_of(lead[SNOOZE], now) if act == "snooze" else lead[act] or NOBODYS
        had.setdefault(old, []).append(str(id))
    was = value.isoformat() if isinstance(value, datetime) else value or ""
    return [{"act": act, "value": old, "was": was, "ids": ",".join(ids)} for old, ids in had.items()]
