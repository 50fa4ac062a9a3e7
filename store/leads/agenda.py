"""What is to be done with leads, and when: those that wake up at a time, and next steps."""

from datetime import date, datetime
from typing import NamedTuple

import asyncpg

from domain.snooze import HANDLED
from store.postgres import Pool, statement


class AgendaEntry(NamedTuple):
    """A lead that is snoozed until a time (no step), or a next step of one (a row of next_steps).

    A step has a day at most, without a zone.
    """

    at: datetime | None
    day: date | None
    lead: asyncpg.Record
    """A row of lead_list."""
    step: asyncpg.Record | None


async def page(pool: Pool, *, owner: str | None = None, limit: int = 200) -> list[AgendaEntry]:
    """The earliest first, those without a day last; with an owner, of their leads only."""
    rows = await pool.fetch(statement("agenda"), owner, HANDLED, limit)
    leads = {row["id"]: row for row in await pool.fetch(statement("leads_of_agenda"), [row["lead_id"] for row in rows])}
    wanted = [row["step_id"] for row in rows if row["step_id"] is not None]
    steps = {row["id"]: row for row in await pool.fetch(statement("steps_of_agenda"), wanted)}
    return [
        AgendaEntry(row["at"], row["day"], leads[row["lead_id"]], steps.get(row["step_id"]))
        for row in rows
        if row["lead_id"] in leads
    ]
