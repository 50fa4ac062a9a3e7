"""All that is stored of one person, table by table, as plain values that JSON knows."""

from typing import Any

import orjson

from store.erase import Person
from store.postgres import Pool, statement


async def everything(pool: Pool, who: Person) -> dict[str, list[Any]]:
    """Rows by table; raw bodies as text."""
    ids = who.contact_id, who.lead_id, who.names, who.conversations
    found: dict[str, list[Any]] = {}
    for row in await pool.fetch(statement("rows_of_person"), *ids):
        found.setdefault(row["of"], []).append(orjson.loads(row["row"]))
    names = [name.lstrip("+").removeprefix("kapso:").encode() for name in (*who.names, *who.conversations)]
    for row in await pool.fetch(statement("raw_of_person"), names):
        body = row["body"].decode(errors="replace")
        found.setdefault(row["of"], []).append({"id": row["id"], "at": row["at"].isoformat(), "body": body})
    return found
