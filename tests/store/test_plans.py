"""The statements of a batch go by keys from the first row on, when Postgres has no statistics yet."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from store.postgres import Pool, statement

BY_KEY = ["touch_sightings", "new_joins", "lock_contacts", "upsert_messages", "adopt_messages", "advance_contacts",
          "refresh_contacts", "linked_names", "sightings_of_names", "joins_of_names", "delete_identities",
          "assign_sightings", "move_messages", "move_conversations"]  # fmt: skip


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


@pytest.mark.parametrize("name", BY_KEY)
async def test_an_empty_database_is_no_reason_to_read_whole_tables(name: str, pool: Pool) -> None:
    text = statement(name)
    arguments = ", ".join("NULL" for _ in set(re.findall(r"\$\d+", re.sub(r"--.*", "", text))))
    async with pool.acquire() as connection:
        await connection.execute(f"PREPARE checked AS {text}")
        explained = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE checked({arguments})")
        await connection.execute("DEALLOCATE checked")
    (root,) = json.loads(explained)
    for node in nodes(root["Plan"]):
        assert node["Node Type"] != "Seq Scan", node
        if "Index" in node["Node Type"]:
            # Led by what it was given ($1) or by another table's row (alias.column), not by a constant range.
            assert re.search(r"\$\d|\w\.\w", node.get("Index Cond", "")), node
