"""All that is stored of one person, table by table, as plain values that JSON knows."""

from collections.abc import AsyncIterator
from typing import Any

import orjson

from domain.erasure import body_about_person
from store.mirror import bodies
from store.mirror.bodies import FoundBody
from store.postgres import Pool, statement
from store.privacy.erase import BEGINNING
from store.privacy.person import StoredPerson


async def everything(pool: Pool, who: StoredPerson) -> dict[str, list[Any]]:
    """Rows by table; raw bodies as text."""
    ids = who.contact_id, who.lead_id, who.names, who.conversations
    found: dict[str, list[Any]] = {}
    for row in await pool.fetch(statement("rows_of_person"), *ids):
        found.setdefault(row["of"], []).append(orjson.loads(row["row"]))
    async for of, one in _raw(pool, who):
        if body := body_about_person(one.body, who.all_names):
            raw = {"id": str(one.key[-1]), "at": one.key[0].isoformat() if len(one.key) > 1 else None}
            found.setdefault(of, []).append(raw | {"body": body.decode(errors="replace")})
    deliveries = [one["id"] for one in found.get("deliveries", [])]
    for row in await pool.fetch(statement("letters_of_deliveries"), deliveries):
        found.setdefault("dead_letters", []).append(orjson.loads(row["row"]))
    return found


async def _raw(pool: Pool, who: StoredPerson) -> AsyncIterator[tuple[str, FoundBody]]:
    """Raw bodies that may name the person, by where they stand."""
    async for one in bodies.in_deliveries(pool, who, since=None, settled_since=BEGINNING):
        if isinstance(one, FoundBody):
            yield "deliveries", one
    for place, of in (("letters", "dead_letters"), ("spill", "spill")):
        async for one in bodies.in_rows(pool, who, place):
            yield of, one
