"""All that is stored of one person, table by table, as plain values that JSON knows."""

from typing import Any

import orjson

from rows.erasure import bare, theirs
from store.erase import Person
from store.postgres import Pool, statement


async def everything(pool: Pool, who: Person) -> dict[str, list[Any]]:
    """Rows by table; raw bodies as text."""
    ids = who.contact_id, who.lead_id, who.names, who.conversations
    found: dict[str, list[Any]] = {}
    for row in await pool.fetch(statement("rows_of_person"), *ids):
        found.setdefault(row["of"], []).append(orjson.loads(row["row"]))
    names = [*who.names, *who.conversations]
    for row in await pool.fetch(statement("raw_of_person"), [name.encode() for name in bare(names)]):
        if body := theirs(row["body"], names):
            raw = {"id": row["id"], "at": row["at"].isoformat(), "body": body.decode(errors="replace")}
            found.setdefault(row["of"], []).append(raw)
    return found
