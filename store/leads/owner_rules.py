"""Rules that give new leads to somebody: all of them in turn, by city, or by the advertisement they came from."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, get_args

import asyncpg

from domain.field_kinds import NotAllowed, text
from domain.lead import Source
from store.leads import leads
from store.leads.lead_records import NO_OWNER
from store.leads.leads import Actor, NotFound, Stale
from store.postgres import Pool, statement

Kind = Literal["everybody", "city", "advertisement"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
VALUE: Final = text(200)
BY_RULE: Final = Actor(Source.AGENT, "rule:owner")
"""On behalf of the manager who made the rule."""
LATELY: Final = timedelta(days=7)
"""A lead whose city becomes known later than that stays nobody's."""
AT_ONCE: Final = 200


async def page(pool: Pool) -> list[asyncpg.Record]:
    """Rows of owner_rules, in the order in which they apply."""
    return list(await pool.fetch(statement("owner_rules")))


async def add(pool: Pool, kind: str, value: str, owners: Sequence[str], *, by: Actor) -> None:
    """Raises NotAllowed."""
    if kind not in KINDS:
        raise NotAllowed("{name} must be one of: {allowed}", name="kind", allowed=", ".join(KINDS))
    if not owners:
        raise NotAllowed("choose who takes turns")
    wanted = None if kind == "everybody" else VALUE.parse("value", value)
    if await pool.fetchval(statement("insert_owner_rule"), kind, wanted, list(owners), by.name) is None:
        raise NotAllowed(NO_OWNER, name="owner")


async def delete(pool: Pool, id: int) -> None:
    """Leads that it gave away stay where they are."""
    await pool.execute(statement("delete_owner_rule"), id)


async def give(pool: Pool, now: datetime | None = None) -> int:
    """Give away what the rules fit; returns how many leads. What somebody was given once is never given again."""
    since = (now or datetime.now(UTC)) - LATELY
    done = 0
    for row in await pool.fetch(statement("leads_to_give"), since, AT_ONCE):
        owner = await pool.fetchval(statement("next_owner"), row["rule_id"])
        with suppress(NotFound, Stale, NotAllowed):  # deleted, changed or disabled meanwhile: the next look tells
            await leads.patch(pool, row["lead_id"], {"owner": owner}, version=row["version"], by=BY_RULE)
            await pool.execute(statement("count_turn"), row["rule_id"])
            done += 1
    return done
